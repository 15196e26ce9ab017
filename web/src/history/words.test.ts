import { expect, test } from "vitest";
import { byDay, reachedWords } from "./words";

const NOW = new Date(2026, 10, 20, 12);

const place = (titleId: string, at: Date, positionSeconds = 50) => ({
  titleId,
  recordedAt: at.getTime(),
  positionSeconds,
  durationSeconds: 100,
});

test("what was watched stands under its day", () => {
  const days = byDay(
    [
      place("ttl_1", new Date(2026, 10, 20, 11)),
      place("ttl_2", new Date(2026, 10, 20, 0, 1)),
      place("ttl_3", new Date(2026, 10, 19, 23)),
      place("ttl_4", new Date(2026, 10, 12)),
      place("ttl_5", new Date(2025, 10, 12)),
    ],
    NOW,
  );

  expect(days.map(({ name, places }) => [name, places.length])).toEqual([
    ["Today", 2],
    ["Yesterday", 1],
    ["Thursday 12 November", 1],
    ["12 November 2025", 1],
  ]);
});

test("nothing watched is no day", () => {
  expect(byDay([], NOW)).toEqual([]);
});

test("it says what is left, until only credits are", () => {
  expect(reachedWords(place("ttl_1", NOW, 40))).toBe("1:00 left");
  expect(reachedWords(place("ttl_1", NOW, 95))).toBe("Watched");
  expect(reachedWords({ ...place("ttl_1", NOW, 85), isFinished: true })).toBe("Watched");
});
