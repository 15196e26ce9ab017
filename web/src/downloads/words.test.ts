import { expect, test } from "vitest";
import { endWords, sizeWords } from "./words";

const HOUR = 3_600_000;

test.each([
  [30 * 24 * HOUR, "30 days left"],
  [48 * HOUR, "2 days left"],
  [47 * HOUR, "47 hours left"],
  [HOUR, "1 hour left"],
  [1, "1 hour left"],
  [0, "Expired"],
  [-HOUR, "Expired"],
])("%d ms before its end: %s", (left, words) => {
  expect(endWords({ endsAt: 1000 + left, ended: null }, 1000)).toBe(words);
});

test("why it does not play is said first", () => {
  expect(endWords({ endsAt: 9e15, ended: "expired" }, 0)).toBe("Expired");
  expect(endWords({ endsAt: 9e15, ended: "clock" }, 0)).toContain("clock went back");
});

test.each([
  [1, "1 MB"],
  [12_400_000, "12 MB"],
  [1_540_000_000, "1.5 GB"],
])("%d bytes are %s", (bytes, words) => {
  expect(sizeWords(bytes)).toBe(words);
});
