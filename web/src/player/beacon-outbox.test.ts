import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Beacon, Told } from "../api/beacons";
import {
  BeaconOutbox,
  GAP_MS,
  MOST_BEACONS,
  MOST_PLAYS,
  MOST_REFUSALS,
  OLDEST_MS,
} from "./beacon-outbox";

class FakeStorage {
  readonly kept = new Map<string, string>();
  get length(): number {
    return this.kept.size;
  }
  key = (at: number): string | null => [...this.kept.keys()][at] ?? null;
  getItem = (name: string): string | null => this.kept.get(name) ?? null;
  setItem = (name: string, value: string): void => void this.kept.set(name, value);
  removeItem = (name: string): void => void this.kept.delete(name);
}

/** A lock is held until the page that has it lets go, or is gone. */
class FakeLocks {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #kills = new Map<string, () => void>();

  request = (name: string, held: () => unknown): Promise<unknown> => {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(() =>
      Promise.race([held(), new Promise<void>((kill) => this.#kills.set(name, kill))]),
    );
    this.#last.set(name, mine);
    return mine;
  };

  /** The page is gone that has it. */
  free(name: string): void {
    this.#kills.get(name)?.();
  }
}

interface Batch {
  readonly ticket: string;
  readonly places: readonly number[];
  readonly kinds: readonly string[];
  readonly at: number;
  readonly isLeaving: boolean;
}

class FakeService {
  answer: Told = "taken";
  readonly batches: Batch[] = [];

  tell = (ticket: string, beacons: readonly Beacon[]): Promise<Told> =>
    this.#hear(ticket, beacons, false);
  tellWhileLeaving = (ticket: string, beacons: readonly Beacon[]): Promise<Told> =>
    this.#hear(ticket, beacons, true);

  async #hear(ticket: string, beacons: readonly Beacon[], isLeaving: boolean): Promise<Told> {
    const places = beacons.map(({ positionSeconds }) => positionSeconds);
    const kinds = beacons.map(({ kind }) => kind);
    this.batches.push({ ticket, places, kinds, at: Date.now(), isLeaving });
    return this.answer;
  }
}

const PLAY = { sessionId: "ses_1", ticket: "ticket 1" };
const OTHER = { sessionId: "ses_2", ticket: "ticket 2" };

const at = (positionSeconds: number, kind: Beacon["kind"] = "position"): Beacon => ({
  kind,
  at: Date.now(),
  positionSeconds,
  durationSeconds: 5_400,
});

let service: FakeService;
let storage: FakeStorage;
let locks: FakeLocks;

/** A page of the app, signed in to an account; what the one before kept is still there. */
const page = (accountId: string | null = "acc_1"): BeaconOutbox =>
  new BeaconOutbox(
    service,
    () => storage as unknown as Storage,
    Date.now,
    () => 0.5,
    () => accountId,
    locks as unknown as LockManager,
  );

/** Nothing of them runs any more, and the browser has freed what they held. */
function killPages(): void {
  vi.clearAllTimers();
  locks = new FakeLocks();
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  service = new FakeService();
  storage = new FakeStorage();
  locks = new FakeLocks();
});
afterEach(() => vi.useRealTimers());

const places = (): (readonly number[])[] => service.batches.map((batch) => batch.places);

test("what is told goes at once, and nothing of it stays", async () => {
  page().tell(PLAY, at(1));
  await vi.advanceTimersByTimeAsync(0);

  expect(service.batches).toMatchObject([{ ticket: "ticket 1", places: [1] }]);
  expect(storage.kept.size).toBe(0);
});

test("somebody who toggles pause is one more batch, not ten", async () => {
  const outbox = page();
  for (let second = 0; second < 10; second += 1) outbox.tell(PLAY, at(second));

  await vi.advanceTimersByTimeAsync(GAP_MS);

  expect(places()).toEqual([[0], [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
});

test("what nobody heard is told again, later each time, with its own moment", async () => {
  const outbox = page();
  service.answer = "unheard";
  outbox.tell(PLAY, at(1));
  await vi.advanceTimersByTimeAsync(15_000);
  const waits = service.batches.slice(1).map((batch, index) => batch.at - (service.batches[index]?.at ?? 0));
  expect(waits).toEqual([2_000, 4_000, 8_000]);

  service.answer = "taken";
  await vi.advanceTimersByTimeAsync(60_000);

  expect(places().at(-1)).toEqual([1]);
  expect(storage.kept.size).toBe(0);
  const count = service.batches.length;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(service.batches.length).toBe(count);
});

test("a stream without room says no, and is asked again; a no that stays is believed", async () => {
  const outbox = page();
  service.answer = "refused";
  outbox.tell(PLAY, at(1));
  await vi.advanceTimersByTimeAsync(3_600_000);

  expect(service.batches.length).toBe(MOST_REFUSALS);
  service.answer = "taken";
  outbox.tell(PLAY, at(2));
  await vi.advanceTimersByTimeAsync(0);
  expect(places().at(-1)).toEqual([2]);
});

test("a play without a network is told of on return, oldest first and bounded", async () => {
  const outbox = page();
  service.answer = "unheard";
  outbox.tell(PLAY, at(0, "start"));
  for (let beat = 1; beat <= 80; beat += 1) {
    await vi.advanceTimersByTimeAsync(120_000);
    outbox.tell(PLAY, at(beat));
  }
  service.answer = "taken";
  service.batches.length = 0;

  outbox.sendKept();
  await vi.advanceTimersByTimeAsync(2_000);

  expect(service.batches.length).toBe(1);
  expect(service.batches[0]?.places.length).toBe(MOST_BEACONS);
  expect(service.batches[0]?.places.slice(0, 2)).toEqual([0, 32]);
  expect(service.batches[0]?.places.at(-1)).toBe(80);
});

test("the next visit sends what a page that was killed had not told", async () => {
  const killed = page();
  killed.tell(PLAY, at(120));
  await vi.advanceTimersByTimeAsync(60_000);
  killed.mark(PLAY, at(180));
  killPages();
  service.batches.length = 0;

  page().sendKept();
  await vi.advanceTimersByTimeAsync(2_000);

  expect(service.batches).toMatchObject([
    { ticket: "ticket 1", places: [180, 180], kinds: ["position", "leave"] },
  ]);
  expect(storage.kept.size).toBe(0);
});

test("a play that another tab has in hand is left to it, paused or not, until it is gone", async () => {
  page().mark(PLAY, at(55));
  page().sendKept();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(service.batches).toEqual([]);

  locks.free("marquee.beacons.acc_1.ses_1");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(service.batches).toMatchObject([{ places: [55, 55], kinds: ["position", "leave"] }]);
});

test("of two tabs that come back at once one tells", async () => {
  page().mark(PLAY, at(55));
  killPages();

  for (const tab of [page(), page()]) tab.sendKept();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(places()).toEqual([[55, 55]]);
});

test("each play is told of under its own ticket", async () => {
  service.answer = "unheard";
  const before = page();
  before.tell(PLAY, at(1));
  before.tell(OTHER, at(2));
  await vi.advanceTimersByTimeAsync(0);
  killPages();
  service.answer = "taken";
  service.batches.length = 0;

  page().sendKept();
  await vi.advanceTimersByTimeAsync(2_000);

  expect(service.batches).toMatchObject([
    { ticket: "ticket 1", places: [1, 1] },
    { ticket: "ticket 2", places: [2, 2] },
  ]);
});

test("what was watched on a journey, and under a clock that ran ahead, is told weeks later", async () => {
  service.answer = "unheard";
  page().tell(PLAY, at(1));
  killPages();
  await vi.advanceTimersByTimeAsync(20 * 24 * 3_600_000);
  service.answer = "taken";

  page().sendKept();
  await vi.advanceTimersByTimeAsync(2_000);

  expect(service.batches.at(-1)).toMatchObject({ ticket: "ticket 1", places: [1, 1] });
});

test("what the service would drop for its age is not sent, nor kept for ever", async () => {
  service.answer = "unheard";
  page().tell(PLAY, at(1));
  vi.setSystemTime(Date.now() + OLDEST_MS + 1);
  service.batches.length = 0;

  page().sendKept();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(service.batches).toEqual([]);
  expect(storage.kept.size).toBe(0);
});

test("only so many plays wait", async () => {
  service.answer = "unheard";
  const outbox = page();
  for (let play = 0; play < MOST_PLAYS + 5; play += 1) {
    outbox.tell({ sessionId: `ses_${play}`, ticket: `${play}` }, at(play));
  }

  expect(storage.kept.size).toBe(MOST_PLAYS);
});

test("a page that goes away says all it has to, whatever it waits for", async () => {
  const outbox = page();
  service.answer = "unheard";
  outbox.tell(PLAY, at(1));
  await vi.advanceTimersByTimeAsync(0);

  outbox.tellWhileLeaving(PLAY, at(2, "leave"));

  expect(service.batches.at(-1)).toMatchObject({ places: [1, 2], isLeaving: true });
});

test("a page that stayed after all tells again what was lost", async () => {
  const outbox = page();
  service.answer = "unheard";
  outbox.tellWhileLeaving(PLAY, at(2));
  await vi.advanceTimersByTimeAsync(0);
  service.answer = "taken";

  await vi.advanceTimersByTimeAsync(10_000);

  expect(service.batches.at(-1)).toMatchObject({ places: [2], isLeaving: false });
  expect(storage.kept.size).toBe(0);
});

test("who signs out tells nothing more until their account is back, whoever comes in between", async () => {
  const outbox = page();
  service.answer = "unheard";
  outbox.tell(PLAY, at(1));
  outbox.rest();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(service.batches).toHaveLength(1);
  service.answer = "taken";

  page("acc_2").sendKept();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(service.batches).toHaveLength(1);

  page().sendKept();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(service.batches.at(-1)).toMatchObject({ ticket: "ticket 1", places: [1, 1] });
  expect(storage.kept.size).toBe(0);
});

test("what nobody may send any more goes, whosever it was", async () => {
  service.answer = "unheard";
  page().tell(PLAY, at(1));
  killPages();
  await vi.advanceTimersByTimeAsync(OLDEST_MS + 1);

  page("acc_2").sendKept();

  expect(storage.kept.size).toBe(0);
});

test("a play that is nobody's is kept for no later visit", async () => {
  service.answer = "unheard";

  page(null).tell(PLAY, at(1));

  expect(storage.kept.size).toBe(0);
});

test("a browser that keeps nothing still tells", async () => {
  const outbox = new BeaconOutbox(
    service,
    () => {
      throw new DOMException("no storage", "SecurityError");
    },
    Date.now,
    () => 0.5,
    () => "acc_1",
    locks as unknown as LockManager,
  );

  outbox.tell(PLAY, at(1));
  outbox.mark(PLAY, at(2));
  outbox.sendKept();
  await vi.advanceTimersByTimeAsync(2_000);

  expect(places()).toEqual([[1]]);
});

test("what is no record of ours is thrown away", async () => {
  storage.setItem("marquee.beacons.acc_1.ses_9", "{");
  storage.setItem("marquee.beacons.ses_7", JSON.stringify({ ticket: "t", beacons: [at(1)] }));
  storage.setItem("marquee.beacons.ses_8", '{"ticket":7,"beacons":[]}');
  storage.setItem("something else", "{");

  page().sendKept();

  expect([...storage.kept.keys()]).toEqual(["something else"]);
});
