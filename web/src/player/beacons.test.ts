import { expect, test } from "vitest";
import type { Beacon } from "../api/beacons";
import type { Met } from "./cdns";
import { BEACON_INTERVAL_MS, Beacons } from "./beacons";

function play({ random = 0 }: { random?: number } = {}) {
  const clock = { now: 5_000, setBy: 0 };
  const told: Beacon[] = [];
  const leaving: Beacon[] = [];
  const marks: Beacon[] = [];
  const met: Met[] = [];
  const listener = {
    tell: (beacon: Beacon) => told.push(beacon),
    tellWhileLeaving: (beacon: Beacon) => leaving.push(beacon),
    mark: (beacon: Beacon) => marks.push(beacon),
  };
  const beacons = new Beacons(
    listener,
    { now: () => clock.now + clock.setBy, elapsed: () => clock.now },
    () => random,
    () => met.splice(0, 1)[0] ?? {},
  );
  /** The picture runs for so long, with four words of it a second. */
  const run = (seconds: number, from = 0): void => {
    for (let at = from; at < from + seconds; at += 0.25) {
      beacons.moved(at, 5_400);
      clock.now += 250;
    }
  };
  const kinds = (): readonly string[] => [...told, ...leaving].map(({ kind }) => kind);
  return { beacons, clock, told, leaving, marks, met, run, kinds };
}

test("a play tells its first picture, and then where it is every two and a half minutes", () => {
  const { told, run } = play();

  run(3_600);

  expect(told.slice(0, 3)).toEqual([
    { kind: "start", at: 5_000, positionSeconds: 0, durationSeconds: 5_400 },
    { kind: "position", at: 155_000, positionSeconds: 150, durationSeconds: 5_400 },
    { kind: "position", at: 305_000, positionSeconds: 300, durationSeconds: 5_400 },
  ]);
});

test("an hour is at most 25 beacons, and none comes later after another than it must", () => {
  for (const random of [0, 0.37, 0.999]) {
    const { told, run } = play({ random });

    run(3_600);

    expect(told.length).toBeLessThanOrEqual(25);
    const gaps = told.slice(1).map(({ at }, index) => at - (told[index]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(BEACON_INTERVAL_MS);
  }
});

test("plays that begin together do not go on telling together", () => {
  const [first, second] = [play({ random: 0.1 }), play({ random: 0.9 })];
  first.run(400);
  second.run(400);

  expect(first.told[1]?.at).not.toBe(second.told[1]?.at);
});

test("a pause, an error and a picture that had to wait are told at once, with the place", () => {
  const { beacons, told, run } = play();
  run(10);
  beacons.rebuffered();
  run(10, 10);
  beacons.paused();
  beacons.failed();

  expect(told.map(({ kind, positionSeconds }) => [kind, positionSeconds])).toEqual([
    ["start", 0],
    ["rebuffer", 9.8],
    ["pause", 19.8],
    ["error", 19.8],
  ]);
});

test("the end of a film after its pause is not told twice, but leaving always is", () => {
  const { beacons, run, kinds } = play();
  run(10);

  beacons.paused();
  beacons.paused();
  beacons.left(false);

  expect(kinds()).toEqual(["start", "pause", "leave"]);
});

test("a tab that is hidden tells where it is, unless it has just said so", () => {
  const { beacons, leaving, run } = play();
  run(10);
  beacons.hidden();
  beacons.hidden();
  run(10, 10);
  beacons.left(true);

  expect(leaving.map(({ kind, positionSeconds }) => [kind, positionSeconds])).toEqual([
    ["position", 9.8],
    ["leave", 19.8],
  ]);
});

test("the place is noted on this machine every few seconds", () => {
  const { marks, run } = play();

  run(60);

  expect(marks.length).toBe(11);
  expect(marks[0]).toEqual({
    kind: "position",
    at: 10_000,
    positionSeconds: 5,
    durationSeconds: 5_400,
  });
});

test("who comes back after a long pause is told of with the next picture", () => {
  const { beacons, clock, run, kinds } = play();
  run(10);
  beacons.paused();
  clock.now += 600_000;

  run(1, 10);

  expect(kinds()).toEqual(["start", "pause", "position"]);
});

test("a clock that is set back holds nothing up", () => {
  const { clock, told, run } = play();
  run(10);
  clock.setBy = -4_000_000;

  run(141, 10);

  expect(told.map(({ at }) => at)).toEqual([5_000, 155_000 - 4_000_000]);
});

test("a play that never showed a picture leaves the old place alone", () => {
  const { beacons, kinds } = play();
  beacons.paused();
  beacons.failed();
  beacons.hidden();
  beacons.left(true);

  expect(kinds()).toEqual([]);
});

test("a place never lies outside the title, and nonsense from the element is none", () => {
  const { beacons, told } = play();
  beacons.moved(Number.NaN, 60);
  beacons.moved(5, 0);
  beacons.moved(60.07, 60.04);

  expect(told).toEqual([{ kind: "start", at: 5_000, positionSeconds: 60, durationSeconds: 60 }]);
});

test("what was met at CDNs is told with the next word, and noted in no mark", () => {
  const { beacons, told, marks, met, run } = play();
  run(10);
  met.push({ cdn: "b", failedCdns: ["a"] });
  run(10, 10);

  beacons.rebuffered();

  expect(told.at(-1)).toMatchObject({ kind: "rebuffer", cdn: "b", failedCdns: ["a"] });
  expect(marks.every((mark) => mark.cdn === undefined)).toBe(true);
});
