import { beforeEach, expect, test, vi } from "vitest";
import { ApiError, ConnectionError } from "../api/problem";
import type { Viewer } from "../auth/last-viewer";
import { keepsTitles, noteKeepsTitles } from "../catalog/keeps-titles";
import type { Grant } from "./api";
import { Downloads, type FILES, opener } from "./downloads";
import type { KeptTitle, Secrets } from "./vault";

const NOW = Date.UTC(2026, 10, 1);
const DAY = 86_400_000;

class FakeVault {
  readonly rows = new Map<string, KeptTitle & Secrets>();
  readonly #of = (downloadId: string, accountId: string | null) => {
    const row = this.rows.get(downloadId);
    return row !== undefined && row.accountId === accountId ? row : null;
  };
  all = async (accountId: string | null): Promise<KeptTitle[]> =>
    [...this.rows.values()].filter((row) => row.accountId === accountId);
  find = async (id: string, accountId: string | null): Promise<KeptTitle | null> =>
    this.#of(id, accountId);
  secrets = async (id: string, accountId: string | null): Promise<Secrets | null> =>
    this.#of(id, accountId);
  put = async (title: KeptTitle, secrets: Secrets): Promise<void> =>
    void this.rows.set(title.downloadId, { ...title, ...secrets });
  note = async (id: string, whose: string | null, change: Partial<KeptTitle>): Promise<void> => {
    const row = this.#of(id, whose);
    if (row !== null) this.rows.set(id, { ...row, ...change });
  };
  remove = async (id: string): Promise<void> => void this.rows.delete(id);
  isEmpty = async (): Promise<boolean> => this.rows.size === 0;
}

/** As the browser has them, within one page. */
class FakeLocks {
  readonly held = new Set<string>();
  request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
    const act = rest.at(-1) as (lock: { name: string } | null) => unknown;
    if (this.held.has(name)) return act(null);
    this.held.add(name);
    try {
      return await act({ name });
    } finally {
      this.held.delete(name);
    }
  };
}

class FakeApi {
  readonly givenBack: string[] = [];
  answer: Error | null = null;
  grant = vi.fn();
  renew = vi.fn();
  tellFirstPlay = vi.fn(async (): Promise<void> => undefined);
  here = vi.fn(async (): Promise<ReadonlySet<string>> => new Set(["dow_1", "dow_2", "dow_3"]));
  giveBack = async (id: string): Promise<void> => {
    if (this.answer !== null) throw this.answer;
    this.givenBack.push(id);
  };
}

let vault: FakeVault;
let api: FakeApi;
let files: { fetch: ReturnType<typeof vi.fn<(typeof FILES)["fetch"]>> };
let locks: FakeLocks;
let viewer: Viewer | null;
let storage: Map<string, string>;

const browser = (): Downloads =>
  new Downloads({
    api,
    vault,
    files,
    locks: locks as unknown as LockManager,
    viewer: () => viewer,
    now: () => NOW,
  });

/** Somebody of an account; the first profile unless another is named. */
function watches(accountId: string, profileId = "prf_1"): void {
  viewer = { accountId, profileId };
}

const TERMS = {
  grantedAt: NOW,
  expiresAt: NOW + 30 * DAY,
  firstPlayedAt: null,
  seenAt: NOW,
  playMilliseconds: 2 * DAY,
};

function granted(downloadId: string, changes: Partial<Grant> = {}): Grant {
  return {
    downloadId,
    titleId: `ttl_${downloadId}`,
    name: downloadId,
    manifestUrl: "/m/film.mpd",
    durationSeconds: 60,
    keys: { kid: "key", other: "not needed" },
    terms: TERMS,
    ticket: `ticket of ${viewer?.profileId}`,
    ...changes,
  };
}

function kept(downloadId: string, accountId: string, changes: Partial<KeptTitle & Secrets> = {}): void {
  vault.rows.set(downloadId, {
    downloadId,
    accountId,
    titleId: `ttl_${downloadId}`,
    name: downloadId,
    durationSeconds: 60,
    bytes: 1,
    places: {},
    isFirstPlayTold: false,
    keys: { kid: "key" },
    terms: TERMS,
    tickets: { prf_1: "ticket" },
    ...changes,
  });
  noteKeepsTitles(accountId, true);
}

beforeEach(() => {
  storage = new Map();
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => void storage.set(name, value),
    removeItem: (name: string) => void storage.delete(name),
  });
  vault = new FakeVault();
  api = new FakeApi();
  files = { fetch: vi.fn(async () => ({ bytes: 7, kids: ["kid"] })) };
  locks = new FakeLocks();
  watches("acc_1");
  kept("dow_1", "acc_1");
  kept("dow_2", "acc_1");
  kept("dow_3", "acc_2");
});

const names = async (): Promise<string[]> => (await browser().list()).map(({ name }) => name);

test("an account sees what it keeps, and nobody else's", async () => {
  expect(await names()).toEqual(["dow_1", "dow_2"]);
  watches("acc_2");
  expect(await names()).toEqual(["dow_3"]);
  viewer = null;
  expect(await names()).toEqual([]);
});

test.each([
  { accountId: "acc_2", profileId: "prf_1" },
  { accountId: "acc_1", profileId: "prf_kid" },
  null,
])("%o cannot play what another keeps", async (other) => {
  expect((await browser().start("dow_1")).licence.keys).toEqual({ kid: "key" });

  viewer = other;

  await expect(browser().start("dow_1")).rejects.toMatchObject({ code: "download_gone" });
  expect(await browser().reached("dow_1")).toBeNull();
});

test("who signs out takes their downloads along, gives them back, and leaves the others'", async () => {
  await browser().clear();

  expect([...vault.rows.keys()]).toEqual(["dow_3"]);
  expect(api.givenBack).toEqual(["dow_1", "dow_2"]);
  expect([keepsTitles("acc_1"), keepsTitles("acc_2")]).toEqual([false, true]);
});

test.each([
  new ConnectionError("no network"),
  new ApiError(503, "unavailable", "", ""),
  new ApiError(401, "unauthenticated", "", ""),
])("what could not be given back is owed until that account is back: %s", async (trouble) => {
  api.answer = trouble;
  await browser().clear();
  api.answer = null;

  watches("acc_2");
  await browser().sync();
  expect(api.givenBack).toEqual([]);

  watches("acc_1");
  await browser().sync();
  await browser().sync();
  expect(api.givenBack).toEqual(["dow_1", "dow_2"]);
});

test("what the service has taken back is owed no more", async () => {
  api.answer = new ApiError(404, "download_not_found", "", "");
  await browser().remove("dow_1");

  api.answer = null;
  await browser().sync();

  expect(api.givenBack).toEqual([]);
});

test("signing out does not wait for a service that never answers", async () => {
  vi.useFakeTimers();
  api.giveBack = () => new Promise(() => undefined);

  const gone = browser().clear();
  await vi.advanceTimersByTimeAsync(5_000);
  await gone;

  expect([...vault.rows.keys()]).toEqual(["dow_3"]);
  vi.useRealTimers();
});

test("a profile sees what it keeps, and not what others of its household keep", async () => {
  kept("dow_kid", "acc_1", { tickets: { prf_kid: "ticket" } });
  expect(await names()).toEqual(["dow_1", "dow_2"]);

  watches("acc_1", "prf_kid");

  expect(await names()).toEqual(["dow_kid"]);
  expect(keepsTitles("acc_1")).toBe(true);
});

test("two profiles keep one copy, each under its own ticket and at its own place", async () => {
  await browser().keepPlace("dow_1", { positionSeconds: 40, durationSeconds: 60 });
  watches("acc_1", "prf_2");
  api.grant.mockResolvedValue(granted("dow_1"));

  await browser().keep("ttl_dow_1", () => undefined);
  await browser().keepPlace("dow_1", { positionSeconds: 10, durationSeconds: 60 });

  expect(files.fetch).not.toHaveBeenCalled();
  expect((await browser().start("dow_1")).ticket).toBe("ticket of prf_2");
  expect((await browser().reached("dow_1"))?.positionSeconds).toBe(10);
  await browser().remove("dow_1");
  expect([await names(), api.givenBack]).toEqual([[], []]);
  watches("acc_1");
  expect((await browser().start("dow_1")).ticket).toBe("ticket");
  expect((await browser().reached("dow_1"))?.positionSeconds).toBe(40);
});

test("whoever signs out takes along what every profile of the account keeps", async () => {
  kept("dow_kid", "acc_1", { tickets: { prf_kid: "ticket" } });

  await browser().clear();

  expect([...vault.rows.keys()]).toEqual(["dow_3"]);
  expect(api.givenBack).toEqual(["dow_1", "dow_2", "dow_kid"]);
});

test("a title is kept with the keys that its files need, and no others", async () => {
  api.grant.mockResolvedValue(granted("dow_9"));

  await browser().keep("ttl_dow_9", () => undefined);

  expect(vault.rows.get("dow_9")).toMatchObject({ bytes: 7, keys: { kid: "key" } });
  expect(storage.get("marquee.owed-downloads.acc_1")).toBeUndefined();
});

test("what was not fetched to its end gives its place back", async () => {
  api.grant.mockResolvedValue(granted("dow_9"));
  files.fetch.mockRejectedValue(new ConnectionError("gone"));

  await expect(browser().keep("ttl_dow_9", () => undefined)).rejects.toThrow("gone");

  expect(api.givenBack).toEqual(["dow_9"]);
});

test("a page that was closed while it fetched is settled by the next, and not before", async () => {
  api.grant.mockResolvedValue(granted("dow_9"));
  let close = (): void => undefined;
  files.fetch.mockReturnValue(new Promise((_, reject) => (close = () => reject(new Error("closed")))));
  const closing = browser().keep("ttl_dow_9", () => undefined);
  await vi.waitFor(() => expect(files.fetch).toHaveBeenCalled());

  await browser().settle();
  expect(api.givenBack).toEqual([]);

  // Nothing of that page runs any more; its locks are free.
  locks.held.clear();
  await browser().settle();
  expect(api.givenBack).toEqual(["dow_9"]);
  close();
  await expect(closing).rejects.toThrow("closed");
});

test("under new terms the old files stay, unless the new keys do not open them", async () => {
  const later = { ...TERMS, grantedAt: NOW + DAY };
  api.renew.mockResolvedValue(granted("dow_1", { terms: later }));
  await browser().renew("dow_1");
  expect(files.fetch).not.toHaveBeenCalled();
  expect(vault.rows.get("dow_1")).toMatchObject({ keys: { kid: "key" }, terms: later });

  api.renew.mockResolvedValue(granted("dow_1", { keys: { sd: "lesser" } }));
  files.fetch.mockRejectedValueOnce(new ConnectionError("gone"));
  await expect(browser().renew("dow_1")).rejects.toThrow("gone");
  expect(vault.rows.get("dow_1")).toMatchObject({ keys: { kid: "key" }, terms: later });

  files.fetch.mockResolvedValue({ bytes: 3, kids: ["sd"] });
  await browser().renew("dow_1");
  expect(vault.rows.get("dow_1")).toMatchObject({ bytes: 3, keys: { sd: "lesser" } });
});

test("what the service has forgotten is not renewed, and may be downloaded anew", async () => {
  api.renew.mockRejectedValue(new ApiError(404, "download_not_found", "", ""));

  await expect(browser().renew("dow_1")).rejects.toMatchObject({ code: "download_gone" });

  expect(await names()).toEqual(["dow_2"]);
});

test("what lives and is not listed goes, but for what was renewed meanwhile", async () => {
  api.here.mockImplementation(async () => {
    const row = vault.rows.get("dow_2");
    if (row !== undefined) vault.rows.set("dow_2", { ...row, terms: { ...TERMS, grantedAt: NOW - 1 } });
    return new Set();
  });

  await browser().sync();

  expect(await names()).toEqual(["dow_2"]);
});

test.each([
  [new ApiError(503, "unavailable", "", ""), 2],
  [new ConnectionError("no network"), 2],
  [new ApiError(404, "download_not_found", "", ""), 1],
])("a first play that was not heard is told again: %s", async (trouble, times) => {
  kept("dow_1", "acc_1", { terms: { ...TERMS, firstPlayedAt: NOW } });
  api.tellFirstPlay.mockRejectedValueOnce(trouble);

  await browser().sync();
  await browser().sync();

  expect(api.tellFirstPlay).toHaveBeenCalledTimes(times);
});

test("where the edge lets nobody in any more, it is asked once for all files, and they go on", async () => {
  let isOpen = false;
  const answer = (): Response => new Response("part", { status: isOpen ? 200 : 403 });
  vi.stubGlobal("fetch", vi.fn(async () => answer()));
  const reopen = vi.fn(async () => {
    isOpen = true;
  });
  const part = opener(reopen);

  const parts = await Promise.all([1, 2, 3].map((name) => part(new URL(`https://a.example/${name}`))));

  expect(parts.map((body) => body.byteLength)).toEqual([4, 4, 4]);
  expect(reopen).toHaveBeenCalledTimes(1);
});

test("where the edge refuses all the same, nothing is asked for for ever", async () => {
  vi.stubGlobal("fetch", vi.fn(async () => new Response("", { status: 403 })));
  const reopen = vi.fn(async () => undefined);

  await expect(opener(reopen)(new URL("https://a.example/1"))).rejects.toThrow("403");

  expect(reopen).toHaveBeenCalledTimes(1);
});
