import { expect, test } from "vitest";
import { clockTime, runningTime, spokenTime } from "./time";

test.each([
  [0, "0:00"],
  [7.9, "0:07"],
  [750, "12:30"],
  [3723, "1:02:03"],
  [-4, "0:00"],
  [Number.NaN, "0:00"],
  [Number.POSITIVE_INFINITY, "0:00"],
])("%d s on a clock is %s", (seconds, shown) => {
  expect(clockTime(seconds)).toBe(shown);
});

test.each([
  [0, "0 seconds"],
  [61, "1 minute 1 second"],
  [3600, "1 hour"],
  [7325, "2 hours 2 minutes 5 seconds"],
])("%d s is said %s", (seconds, said) => {
  expect(spokenTime(seconds)).toBe(said);
});

test.each([
  [45, "45 s"],
  [600, "10 min"],
  [3599, "1 h"],
  [6120, "1 h 42 min"],
])("a title of %d s runs %s", (seconds, shown) => {
  expect(runningTime(seconds)).toBe(shown);
});
