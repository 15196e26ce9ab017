import { expect, test } from "vitest";
import { missingParts, partBytes, partRange, sentBytes } from "./parts";

const CUT = { sizeBytes: 25, partSizeBytes: 10, partCount: 3 };

test("a file is cut without a gap, and the last part is what is left", () => {
  expect([1, 2, 3].map((number) => partRange(CUT, number))).toEqual([
    [0, 10],
    [10, 20],
    [20, 25],
  ]);
  expect(partBytes(CUT, 3)).toBe(5);
});

test("what is missing is what was not sent, in order", () => {
  expect(missingParts(CUT, new Set([2]))).toEqual([1, 3]);
  expect(missingParts(CUT, new Set([1, 2, 3]))).toEqual([]);
});

test("bytes on their way count, and never more than the file has", () => {
  expect(sentBytes(CUT, [1], [4])).toBe(14);
  expect(sentBytes(CUT, [1, 2, 3], [4])).toBe(25);
});
