import { expect, test } from "vitest";
import type { UploadView } from "./upload";
import * as words from "./words";

test.each([
  [0, "0 bytes"],
  [812, "812 bytes"],
  [999, "999 bytes"],
  [1000, "1.0 kB"],
  [16_777_216, "17 MB"],
  [999_960, "1.0 MB"],
  [4_200_000_000, "4.2 GB"],
  [167_772_160_000, "168 GB"],
])("%i bytes read as %s", (bytes, text) => {
  expect(words.size(bytes)).toBe(text);
});

test.each([
  [-3, "under 1 s"],
  [0.2, "under 1 s"],
  [3.4, "3 s"],
  [59.6, "1 min"],
  [125, "2 min 5 s"],
  [3840, "1 h 4 min"],
  [7200, "2 h"],
])("%d seconds took %s", (seconds, text) => {
  expect(words.took(seconds)).toBe(text);
});

test.each([
  [4, "a few seconds left"],
  [31, "about 40 s left"],
  [61, "about 2 min left"],
  [3600 + 300, "about 1 h 5 min left"],
])("%d seconds are %s", (seconds, text) => {
  expect(words.left(seconds)).toBe(text);
});

test("it is 100 % when it is all there, and not before", () => {
  expect(words.percent(999_999, 1_000_000)).toBe(99);
  expect(words.percent(1, 1)).toBe(100);
  expect(words.percent(0, 0)).toBe(0);
});

test("a step that runs has lasted until now, one that ended until then", () => {
  const startedAt = new Date("2026-11-01T12:00:00Z");
  const now = new Date("2026-11-01T12:01:00Z");
  const step = { name: "probe", status: "running", startedAt, endedAt: null };

  expect(words.stepSeconds(step, now)).toBe(60);
  expect(words.stepSeconds({ ...step, endedAt: new Date("2026-11-01T12:00:07Z") }, now)).toBe(7);
});

test("an upload that this tab sends says more than the service knows", () => {
  const view = { state: "paused" } as UploadView;

  expect(words.statusOf("uploading", view)[0]).toBe("Paused");
  expect(words.statusOf("uploading", null)[0]).toBe("Unfinished upload");
  expect(words.statusOf("cancelled", view)[0]).toBe("Cancelled");
  expect(words.statusOf("something new", null)[0]).toBe("something new");
});

test.each([
  [[], ""],
  [[240], "240p"],
  [[240, 360], "360p and 240p"],
  [[240, 360, 480], "480p, 360p and 240p"],
])("renditions %o read as %s", (heights, text) => {
  expect(words.renditions(heights)).toBe(text);
});

test.each([
  ["film.en.vtt", "en"],
  ["film.pt-BR.srt", "pt-BR"],
  ["film.zh-Hant.vtt", "zh-Hant"],
  ["film.vtt", ""],
  ["film.final.vtt", ""],
])("the captions of %s are in %o", (fileName, language) => {
  expect(words.languageOf(fileName)).toBe(language);
});

test("a language is named as its speakers name it", () => {
  expect(words.nameOfLanguage("de")).toBe("Deutsch");
  expect(words.nameOfLanguage("")).toBe("");
  expect(words.nameOfLanguage("not a tag")).toBe("");
});
