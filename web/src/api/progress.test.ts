import { expect, test } from "vitest";
import type { ApiClient } from "./client";
import { ApiError } from "./problem";
import { type Progress, ProgressApi } from "./progress";

const AT = Date.parse("2026-11-01T12:00:00Z");

const kept = (title_id: string, position_seconds: number, secondsAgo = 0, finished = false) => ({
  title_id,
  position_seconds,
  duration_seconds: 100,
  finished,
  recorded_at: new Date(AT - secondsAgo * 1000).toISOString(),
});

const entry = (title_id: string, position_seconds: number, is_next = false) => ({
  title_id,
  position_seconds,
  duration_seconds: 100,
  is_next,
});

const told = (titleId: string, positionSeconds: number, secondsAgo = 0): Progress => ({
  titleId,
  positionSeconds,
  durationSeconds: 100,
  recordedAt: AT - secondsAgo * 1000,
});

function api(answer: unknown, here: readonly Progress[] = []) {
  const get = async (): Promise<unknown> => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return new ProgressApi({ get } as unknown as ApiClient, { all: () => here });
}

test("the service says what is gone on with, and where a title is finished", async () => {
  const { places, goesOnWith } = await api({
    progress: [kept("ttl_1", 85, 0, true), kept("ttl_2", 40, 60)],
    continue_watching: [entry("ttl_next", 0, true), entry("ttl_2", 40)],
  }).watched();

  expect([...places.keys()]).toEqual(["ttl_1", "ttl_2"]);
  expect(places.get("ttl_1")?.isFinished).toBe(true);
  expect(goesOnWith.map(({ titleId, isNext }) => [titleId, isNext])).toEqual([
    ["ttl_next", true],
    ["ttl_2", false],
  ]);
});

test("what this tab told a moment ago stands first, until the service knows it", async () => {
  const answer = {
    progress: [kept("ttl_1", 10, 120), kept("ttl_2", 40, 60)],
    continue_watching: [entry("ttl_2", 40), entry("ttl_1", 10)],
  };

  const before = await api(answer, [told("ttl_1", 30, 5)]).watched();
  expect(before.goesOnWith.map(({ titleId, positionSeconds }) => [titleId, positionSeconds])).toEqual(
    [
      ["ttl_1", 30],
      ["ttl_2", 40],
    ],
  );
  expect([...before.places.keys()]).toEqual(["ttl_1", "ttl_2"]);
  const after = await api(answer, [told("ttl_1", 5, 200)]).watched();
  expect(after.places.get("ttl_1")?.positionSeconds).toBe(10);
});

test("what this tab has just finished is not gone on with", async () => {
  const answer = { progress: [kept("ttl_1", 10, 120)], continue_watching: [entry("ttl_1", 10)] };

  expect((await api(answer, [told("ttl_1", 95)]).watched()).goesOnWith).toEqual([]);
});

test("a title resumes at the later of what is kept and what was told here", async () => {
  const here = [told("ttl_1", 30, 5)];

  expect((await api(kept("ttl_1", 10, 120), here).of("ttl_1"))?.positionSeconds).toBe(30);
  expect((await api(kept("ttl_1", 60, 1), here).of("ttl_1"))?.positionSeconds).toBe(60);
  const never = new ApiError(404, "never_watched", "", "");
  expect((await api(never, here).of("ttl_1"))?.positionSeconds).toBe(30);
  expect(await api(never).of("ttl_1")).toBeNull();
});
