import { expect, test } from "vitest";
import type { Profile } from "../api/profiles";
import { languagesWith, languageWords, profileWords } from "./words";

const profile: Profile = {
  profileId: "prf_1",
  name: "Kim",
  avatar: "cat",
  language: "en",
  maturity: 18,
  isKid: false,
  hasPin: false,
};

test.each([
  [{}, "Everything"],
  [{ maturity: 16, hasPin: true }, "Up to 16 · PIN"],
  [{ maturity: 0, isKid: true }, "Kids · For all ages"],
])("a profile with %o is told as %s", (changes, words) => {
  expect(profileWords({ ...profile, ...changes })).toBe(words);
});

test("a language is told in its own words", () => {
  expect(languageWords("de")).toBe("Deutsch");
  expect(languageWords("fr")).toBe("Français");
});

test("a language that is not offered stays where it was chosen", () => {
  expect(languagesWith("fi")[0]).toBe("fi");
  expect(languagesWith("de").filter((each) => each === "de")).toHaveLength(1);
});
