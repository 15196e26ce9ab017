import { expect, test } from "vitest";
import { type Box, type Direction, nextIndex } from "./spatial";

const box = (left: number, top: number, width = 100, height = 60): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

/** A wordmark and a button above two rows of cards, the second one short. */
const HOME = {
  wordmark: box(0, 0, 80, 20),
  signOut: box(300, 0, 80, 20),
  a1: box(0, 50),
  a2: box(110, 50),
  a3: box(220, 50),
  b1: box(0, 150),
  b2: box(110, 150),
};
const NAMES = Object.keys(HOME) as (keyof typeof HOME)[];

function from(name: keyof typeof HOME, direction: Direction): string | null {
  const others = NAMES.filter((other) => other !== name);
  const index = nextIndex(HOME[name], others.map((other) => HOME[other]), direction);
  return index === null ? null : (others[index] ?? null);
}

test.each<[keyof typeof HOME, Direction, string | null]>([
  ["a1", "right", "a2"],
  ["a2", "left", "a1"],
  ["a2", "down", "b2"],
  ["b2", "up", "a2"],
  ["a3", "down", "b2"],
  ["a1", "up", "wordmark"],
  ["a3", "up", "signOut"],
  ["signOut", "down", "a3"],
  ["wordmark", "right", "signOut"],
])("from %s an arrow %s leads to %s", (start, direction, end) => {
  expect(from(start, direction)).toBe(end);
});

test.each<[keyof typeof HOME, Direction]>([
  ["a3", "right"],
  ["b2", "right"],
  ["b1", "left"],
  ["b1", "down"],
  ["wordmark", "up"],
])("at the edge, from %s an arrow %s leads nowhere", (start, direction) => {
  expect(from(start, direction)).toBeNull();
});

test("the nearest row is meant, even by somebody who stands at its side", () => {
  const [seekBar, back] = [box(120, 500, 1000, 30), box(0, 0)];

  expect(nextIndex(box(0, 540), [back, seekBar], "up")).toBe(1);
});

test("in the next row what is straight ahead comes before what is aside", () => {
  expect(nextIndex(box(110, 0), [box(0, 80), box(115, 90), box(330, 80)], "down")).toBe(1);
});

test("of two straight ahead the nearer one is meant", () => {
  expect(nextIndex(box(0, 0), [box(300, 0), box(110, 10)], "right")).toBe(1);
});

test("boxes that touch or overlap by a pixel are still neighbours", () => {
  expect(nextIndex(box(0, 0), [box(99, 0)], "right")).toBe(0);
  expect(nextIndex(box(99, 0), [box(0, 0)], "left")).toBe(0);
});

test("a box around the one in focus is not ahead of it", () => {
  expect(nextIndex(box(50, 50), [box(0, 0, 400, 400)], "right")).toBeNull();
});

test("every box of a grid is reached from every other", () => {
  const grid = Array.from({ length: 23 }, (_, index) =>
    box((index % 5) * 120, Math.floor(index / 5) * 90),
  );
  const reached = new Set([0]);
  const open = [0];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const direction of ["left", "right", "up", "down"] as const) {
      const start = grid[at] as Box;
      const next = nextIndex(start, grid, direction);
      if (next !== null && !reached.has(next)) open.push(next);
      if (next !== null) reached.add(next);
    }
  }
  expect(reached.size).toBe(grid.length);
});
