import { expect, test } from "vitest";
import { ReachedHere, TOLD_MS } from "./told-places";

function tab(profile: { id: string | null }, clock: { now: number }) {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
  return new ReachedHere(
    storage,
    () => profile.id,
    () => clock.now,
  );
}

const place = (titleId: string, recordedAt: number, positionSeconds = 5) => ({
  titleId,
  recordedAt,
  positionSeconds,
  durationSeconds: 60,
});

test("a place told a moment ago is known until the service has to know it", () => {
  const clock = { now: 1_000 };
  const here = tab({ id: "prf_1" }, clock);
  here.tell(place("ttl_1", 1_000, 5));
  here.tell(place("ttl_1", 1_000, 6));
  expect(here.all()).toEqual([place("ttl_1", 1_000, 6)]);

  clock.now += TOLD_MS;

  expect(here.all()).toEqual([]);
});

test("another profile on the same tab sees nothing of it", () => {
  const profile = { id: "prf_1" as string | null };
  const here = tab(profile, { now: 1_000 });
  here.tell(place("ttl_1", 1_000));

  profile.id = "prf_2";
  expect(here.all()).toEqual([]);
  profile.id = null;
  here.tell(place("ttl_2", 1_000));
  expect(here.all()).toEqual([]);
});

test("what is taken out of the history is not known here either", () => {
  const here = tab({ id: "prf_1" }, { now: 1_000 });
  here.tell(place("ttl_1", 1_000));
  here.tell(place("ttl_2", 1_000));

  here.forget("ttl_1");
  expect(here.all().map(({ titleId }) => titleId)).toEqual(["ttl_2"]);
  here.forget(null);
  expect(here.all()).toEqual([]);
});
