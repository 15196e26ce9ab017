import { expect, test } from "vitest";
import { fractionSeen, isUnderWay, resumePosition } from "./resume";

const at = (positionSeconds: number, durationSeconds = 100) => ({
  positionSeconds,
  durationSeconds,
});

test("a title never watched begins at its beginning", () => {
  expect(resumePosition(null)).toBe(0);
});

test("a play resumes three seconds before it stopped", () => {
  expect(resumePosition(at(50))).toBe(47);
});

test("a title seen to nine tenths starts over", () => {
  expect(resumePosition(at(89.9))).toBeCloseTo(86.9);
  expect(resumePosition(at(90))).toBe(0);
  expect(resumePosition(at(100))).toBe(0);
});

test("a glance is not worth resuming, nor shown as under way", () => {
  expect(resumePosition(at(4.9))).toBe(0);
  expect(isUnderWay(at(4.9))).toBe(false);
  expect(isUnderWay(at(5))).toBe(true);
});

test("the bar stays between empty and full", () => {
  expect(fractionSeen(at(25))).toBe(0.25);
  expect(fractionSeen(at(130))).toBe(1);
  expect(fractionSeen(at(10, 0))).toBe(0);
});
