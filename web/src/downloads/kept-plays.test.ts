import { expect, test, vi } from "vitest";
import type { Progress } from "../api/progress";
import type { Downloads } from "./downloads";
import { keptPlays } from "./kept-plays";

const at = (recordedAt: number, positionSeconds: number): Progress => ({
  titleId: "ttl_1",
  durationSeconds: 60,
  positionSeconds,
  recordedAt,
});

/** Where a kept title goes on that was left at `here` on this device. */
function begins(here: Progress | null, elsewhere: () => Promise<Progress | null>): Promise<Progress | null> {
  const downloads = { reached: async () => here, titleId: async () => "ttl_1" };
  const outbox = { tell: vi.fn(), tellWhileLeaving: vi.fn(), mark: vi.fn() };
  const plays = keptPlays(downloads as unknown as Downloads, "dwl_1", {
    outbox,
    progress: { of: elsewhere },
  });
  return plays.progress.of("dwl_1", new AbortController().signal);
}

test.each([
  [at(1, 10), at(2, 40), 40],
  [at(2, 10), at(1, 40), 10],
  [null, at(1, 40), 40],
  [at(1, 10), null, 10],
])("a kept title goes on at the latest place, wherever it was watched", async (here, told, place) => {
  expect((await begins(here, async () => told))?.positionSeconds).toBe(place);
});

test("without the network it goes on where it was left on this device", async () => {
  const trouble = async (): Promise<never> => {
    throw new Error("offline");
  };

  expect(await begins(at(1, 10), trouble)).toEqual(at(1, 10));
  expect(await begins(null, trouble)).toBeNull();
});

test("a network that never answers holds up nobody for long", async () => {
  vi.useFakeTimers();

  const place = begins(at(1, 10), () => new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(2_000);

  expect(await place).toEqual(at(1, 10));
  vi.useRealTimers();
});
