import { describe, expect, it } from "vitest";
import { captionOptions, captionsAtFirst } from "./captions";

describe("the captions menu", () => {
  it("offers off and every language by name", () => {
    const tracks = [
      { language: "en", label: "English (SDH)" },
      { language: "de", label: "de" },
      { language: "pt-BR", label: null },
    ];

    expect(captionOptions(tracks, "de")).toEqual([
      { choice: null, label: "Off", selected: false },
      { choice: "de", label: "Deutsch", selected: true },
      { choice: "en", label: "English (SDH)", selected: false },
      { choice: "pt-BR", label: "português (Brasil)", selected: false },
    ]);
  });

  it("is off where a film has no captions in the language chosen before", () => {
    const [off] = captionOptions([{ language: "en", label: "English" }], "fr");

    expect(off).toEqual({ choice: null, label: "Off", selected: true });
  });

  it("shows a language that nobody can name as it is written", () => {
    expect(captionOptions([{ language: "x!", label: null }], null)[1]?.label).toBe("x!");
  });
});

describe("the captions that a film begins with", () => {
  const tracks = ["en", "pt-BR", "de-AT", "de"].map((language) => ({ language, label: null }));

  it.each([
    ["are those of the profile's language", "de", "de"],
    ["are a region's, where there are no others", "pt", "pt-BR"],
    ["are none where the film has none in it", "fr", null],
    ["are none where a language only begins alike", "p", null],
    ["are none for the language that every profile begins with", "en", null],
    ["are none where nobody knows the language", null, null],
  ])("%s", (_, language, expected) => {
    expect(captionsAtFirst(tracks, language)).toBe(expected);
  });
});
