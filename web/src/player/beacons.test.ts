import { expect, test } from "vitest";
import type { Beacon } from "../api/playback";
import { BEACON_INTERVAL_MS, Beacons } from "./beacons";

test("a play tells its first picture, and then where it is every two minutes", () => {
  const told: Beacon[] = [];
  let now = 5_000;
  const beacons = new Beacons((beacon) => told.push(beacon), () => now);

  for (let second = 0; second < 3_600; second += 0.25) {
    beacons.moved({ positionSeconds: second, durationSeconds: 5_400 });
    now += 250;
  }

  expect(told.slice(0, 3)).toEqual([
    { kind: "start", positionSeconds: 0, durationSeconds: 5_400 },
    { kind: "position", positionSeconds: 120, durationSeconds: 5_400 },
    { kind: "position", positionSeconds: 240, durationSeconds: 5_400 },
  ]);
  expect(told.length).toBe(3_600_000 / BEACON_INTERVAL_MS);
});
