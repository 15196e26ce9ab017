import { expect, test } from "vitest";
import { NOTHING_MARKED } from "../api/titles";
import { areCreditsAt, introAt, storyLeft } from "./skipping";

const intro = { startsAtSeconds: 10, endsAtSeconds: 26 };
const marked = { intro, creditsAtSeconds: 90 };

test.each([
  [9.9, null],
  [10, intro],
  [25, intro],
  [25.1, null],
  [60, null],
])("at %d s the intro is offered to be skipped while there is some of it", (at, offered) => {
  expect(introAt(marked, at)).toBe(offered);
});

test("credits run from their marker to the end", () => {
  expect(areCreditsAt(marked, 89.9)).toBe(false);
  expect(areCreditsAt(marked, 90)).toBe(true);
  expect(areCreditsAt(marked, 100)).toBe(true);
});

test("where nobody marked anything nothing is offered", () => {
  expect(introAt(NOTHING_MARKED, 12)).toBe(null);
  expect(areCreditsAt(NOTHING_MARKED, 99.9)).toBe(false);
});

test("the story ends where the credits begin, or with the title", () => {
  const place = { positionSeconds: 80, durationSeconds: 100 };

  expect(storyLeft(marked, place)).toBe(10);
  expect(storyLeft(NOTHING_MARKED, place)).toBe(20);
});
