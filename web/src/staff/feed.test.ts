import { beforeEach, expect, test, vi } from "vitest";
import type { Asset, AssetDetail } from "../api/assets";
import { ApiError, ConnectionError } from "../api/problem";
import { BUSY_MS, Feed, LONGEST_MS, PAGE, QUIET_MS } from "./feed";

const asset = (number: number, status = "ready"): AssetDetail => ({
  assetId: `ast_${String(number).padStart(4, "0")}`,
  name: `Film ${number}`,
  fileName: "film.mp4",
  sizeBytes: 1,
  status,
  createdAt: new Date(0),
  progressPercent: null,
  failure: null,
  durationSeconds: null,
  heights: [],
  posterUrl: null,
  steps: [],
  scheme: "cbcs",
  maturity: 18,
  captions: [],
});

/** The service, a clock that stands still, and what the feed asked of both. */
class World {
  assets: Asset[] = [];
  isVisible = true;
  problem: Error | null = null;
  readonly limits: number[] = [];
  readonly asked: string[] = [];
  pauses: number[] = [];
  #next: (() => void) | null = null;

  readonly feed = new Feed({
    api: {
      page: async (limit, after) => {
        this.limits.push(limit);
        if (this.problem !== null) throw this.problem;
        const rest = this.assets.filter((one) => after === null || one.assetId < after);
        const shown = rest.slice(0, limit);
        return { assets: shown, nextAfter: rest.length > limit ? shown.at(-1)!.assetId : null };
      },
      one: async (assetId) => {
        this.asked.push(assetId);
        const found = this.assets.find((one) => one.assetId === assetId);
        if (found === undefined) throw new ApiError(404, "asset_not_found", "", "None.");
        return found as AssetDetail;
      },
    },
    isVisible: () => this.isVisible,
    later: (milliseconds, act) => {
      this.pauses.push(milliseconds);
      this.#next = act;
      return () => {
        this.#next = null;
      };
    },
  });

  get isWaiting(): boolean {
    return this.#next !== null;
  }

  /** The pause is over. */
  async tick(): Promise<void> {
    const next = this.#next;
    this.#next = null;
    next?.();
    await this.settled();
  }

  settled(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 5));
  }

  get names(): string[] | undefined {
    return this.feed.view().assets?.map((one) => one.name);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

test("what somebody else changed shows with the next answer", async () => {
  world.assets = [asset(1)];
  world.feed.start();
  await world.settled();

  world.assets = [asset(2, "processing"), asset(1, "failed")];
  await world.tick();

  expect(world.names).toEqual(["Film 2", "Film 1"]);
  expect(world.feed.view().assets?.[1]?.status).toBe("failed");
});

test("it asks often while the pipeline works and seldom otherwise", async () => {
  world.assets = [asset(1, "processing")];
  world.feed.start();
  await world.settled();
  world.assets = [asset(1, "uploading")];
  await world.tick();

  expect(world.pauses).toEqual([BUSY_MS, QUIET_MS]);
});

test("it asks often until the last step of an opened film is over", async () => {
  const step = { name: "publish", status: "running", startedAt: new Date(0), endedAt: null };
  world.assets = [{ ...asset(1), steps: [step] } as Asset];
  world.feed.follow("ast_0001", true);
  world.feed.start();
  await world.settled();
  await world.tick();
  world.assets = [{ ...asset(1), steps: [{ ...step, status: "done" }] } as Asset];
  await world.tick();

  expect(world.pauses.at(-2)).toBe(BUSY_MS);
  expect(world.pauses.at(-1)).toBe(QUIET_MS);
});

test("a service out of reach is asked less and less, and what is known stays", async () => {
  world.assets = [asset(1)];
  world.feed.start();
  await world.settled();
  world.problem = new ConnectionError("cut");
  for (let times = 0; times < 5; times += 1) await world.tick();

  expect(world.names).toEqual(["Film 1"]);
  expect(world.feed.view().problem).toBe(world.problem);
  expect(world.pauses.slice(1)).toEqual([10_000, 20_000, 40_000, LONGEST_MS, LONGEST_MS]);
  world.problem = null;
  await world.tick();
  expect(world.feed.view().problem).toBeNull();
});

test("nobody looking, nobody asks", async () => {
  world.isVisible = false;
  world.feed.start();
  await world.settled();

  expect(world.isWaiting).toBe(false);
  world.isVisible = true;
  world.feed.refresh();
  await world.settled();
  expect(world.isWaiting).toBe(true);
});

test("leaving the page ends the questions", async () => {
  const stop = world.feed.start();
  await world.settled();

  stop();

  expect(world.isWaiting).toBe(false);
});

test("more are shown when they are asked for, and all of them stay live", async () => {
  world.assets = Array.from({ length: 130 }, (_, index) => asset(130 - index));
  world.feed.start();
  await world.settled();
  expect(world.names).toHaveLength(PAGE);
  expect(world.feed.view().hasMore).toBe(true);

  for (let pages = 2; pages <= 7; pages += 1) {
    world.feed.more();
    await world.settled();
  }

  expect(world.names).toHaveLength(130);
  expect(new Set(world.names).size).toBe(130);
  expect(world.feed.view().hasMore).toBe(false);
  expect(Math.max(...world.limits)).toBe(100);
});

test("steps are asked for only of what is opened", async () => {
  world.assets = [asset(2), asset(1)];
  world.feed.start();
  await world.settled();
  world.feed.follow("ast_0001", true);
  await world.settled();
  world.feed.follow("ast_0001", false);
  await world.tick();

  expect(world.asked).toEqual(["ast_0001"]);
  expect([...world.feed.view().details.keys()]).toEqual(["ast_0001"]);
});

test("what is deleted stays away although the list does not know yet", async () => {
  world.assets = [asset(2), asset(1)];
  world.feed.start();
  await world.settled();

  world.feed.forget("ast_0002");
  await world.settled();

  expect(world.names).toEqual(["Film 1"]);
});

test("what somebody else deleted while it was open goes away", async () => {
  world.assets = [asset(2), asset(1)];
  world.feed.start();
  await world.settled();
  world.feed.follow("ast_0001", true);
  await world.settled();
  const listed = world.assets;
  const page = vi.spyOn(world, "assets", "get").mockReturnValueOnce(listed).mockReturnValue([asset(2)]);

  await world.tick();

  expect(world.names).toEqual(["Film 2"]);
  page.mockRestore();
});

test("an answer that comes after an act is asked for anew", async () => {
  world.assets = [asset(1)];
  world.feed.start();
  world.feed.refresh();
  world.feed.refresh();
  await world.settled();

  expect(world.limits).toHaveLength(2);
});
