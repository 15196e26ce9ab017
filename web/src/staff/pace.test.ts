import { expect, test } from "vitest";
import { Pace } from "./pace";

test("nothing is promised before there is something to go by", () => {
  const pace = new Pace();
  pace.note(0, 0);
  pace.note(1000, 5_000_000);

  expect(pace.bytesPerSecond).toBeNull();
  expect(pace.secondsLeft(10_000_000)).toBeNull();
});

test("speed and what is left follow from what was sent", () => {
  const pace = new Pace();
  for (let second = 0; second <= 5; second += 1) pace.note(second * 1000, second * 2_000_000);

  expect(pace.bytesPerSecond).toBe(2_000_000);
  expect(pace.secondsLeft(30_000_000)).toBe(10);
});

test("a line that became slow is measured by its last seconds", () => {
  const pace = new Pace();
  for (let second = 0; second <= 20; second += 1) {
    pace.note(second * 1000, second <= 5 ? second * 10_000_000 : 50_000_000 + (second - 5) * 1000);
  }

  expect(pace.bytesPerSecond).toBeLessThan(2000);
});

test("a line that stands still promises no end", () => {
  const pace = new Pace();
  for (let second = 0; second <= 20; second += 1) pace.note(second * 1000, 1000);

  expect(pace.bytesPerSecond).toBe(0);
  expect(pace.secondsLeft(2000)).toBeNull();
});

test("a part that is sent anew begins the measurement anew", () => {
  const pace = new Pace();
  pace.note(0, 0);
  pace.note(5000, 50_000);
  pace.note(5500, 10_000);

  expect(pace.bytesPerSecond).toBeNull();
});
