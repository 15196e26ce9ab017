import { expect, test } from "vitest";
import { momentFrom, writtenMoment } from "./marker-words";

test.each([
  ["", null],
  ["  ", null],
  ["0", 0],
  ["75", 75],
  ["4.5", 4.5],
  ["1:15", 75],
  ["01:15.25", 75.25],
  ["1:32:05", 5525],
])("%j is the moment %s", (text, seconds) => {
  expect(momentFrom(text)).toBe(seconds);
});

test.each(["later", "1:75", "1:2:3:4", "-1", "1,5", "1:", ":15", "75:00:00:1"])(
  "%j is none",
  (text) => {
    expect(momentFrom(text)).toBeNaN();
  },
);

test.each([
  [null, ""],
  [0, "0:00"],
  [75.25, "1:15.25"],
  [5525, "1:32:05"],
  [59.9996, "1:00"],
])("%s s is written as %j", (seconds, text) => {
  expect(writtenMoment(seconds)).toBe(text);
});
