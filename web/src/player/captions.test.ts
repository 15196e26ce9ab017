import { describe, expect, it } from "vitest";
import { captionOptions } from "./captions";

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
