import { expect, test } from "vitest";
import { Openings } from "./openings";
import type { Playback } from "./playback";

function openings() {
  const told: string[] = [];
  const made = new Openings((titleId, fromStart) => {
    const name = `${titleId}${fromStart ? " from its start" : ""}`;
    const playback = { begin: () => told.push(`begin ${name}`), leave: () => told.push(`leave ${name}`) };
    return playback as unknown as Playback;
  });
  return { openings: made, told };
}

test("a page finds the play that was begun for it", () => {
  const { openings: made, told } = openings();
  made.begin("a", false);
  expect(made.of("a", false)).toBe(made.of("a", false));
  expect(told).toEqual(["begin a"]);
});

test("one is left before another begins: it may be the one screen too many", () => {
  const { openings: made, told } = openings();
  made.begin("a", false);
  made.begin("a", true);
  made.begin("b", false);
  expect(told).toEqual([
    "begin a",
    "leave a",
    "begin a from its start",
    "leave a from its start",
    "begin b",
  ]);
});

test("a title that was left is begun anew", () => {
  const { openings: made } = openings();
  const first = made.of("a", false);
  made.leave();
  expect(made.of("a", false)).not.toBe(first);
});
