import { beforeEach, expect, test, vi } from "vitest";
import { ApiError, ConnectionError } from "../api/problem";
import { keepsTitles, noteKeepsTitles } from "../catalog/keeps-titles";
import { Downloads } from "./downloads";
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
  note = async (): Promise<void> => undefined;
  remove = async (id: string): Promise<void> => void this.rows.delete(id);
  isEmpty = async (): Promise<boolean> => this.rows.size === 0;
}

class FakeApi {
  readonly givenBack: string[] = [];
  answer: Error | null = null;
  grant = vi.fn();
  renew = vi.fn();
  tellFirstPlay = async (): Promise<void> => undefined;
  here = async (): Promise<ReadonlySet<string>> => new Set(["dow_1", "dow_2", "dow_3"]);
  giveBack = async (id: string): Promise<void> => {
    if (this.answer !== null) throw this.answer;
    this.givenBack.push(id);
  };
}

let vault: FakeVault;
let api: FakeApi;
let whose: string | null;
let storage: Map<string, string>;

const browser = (): Downloads =>
  new Downloads({ api, vault, whose: () => whose, now: () => NOW });

function kept(downloadId: string, accountId: string): void {
  const terms = {
    grantedAt: NOW,
    expiresAt: NOW + 30 * DAY,
    firstPlayedAt: null,
    seenAt: NOW,
    playMilliseconds: 2 * DAY,
  };
  vault.rows.set(downloadId, {
    downloadId,
    accountId,
    titleId: `ttl_${downloadId}`,
    name: downloadId,
    durationSeconds: 60,
    bytes: 1,
    reached: null,
    isFirstPlayTold: false,
    keys: { kid: "key" },
    terms,
    ticket: "ticket",
  });
  noteKeepsTitles(accountId, true);
}

beforeEach(() => {
  storage = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => void storage.set(name, value),
    removeItem: (name: string) => void storage.delete(name),
  });
  vault = new FakeVault();
  api = new FakeApi();
  whose = "acc_1";
  kept("dow_1", "acc_1");
  kept("dow_2", "acc_1");
  kept("dow_3", "acc_2");
});

const names = async (): Promise<string[]> => (await browser().list()).map(({ name }) => name);

test("an account sees what it keeps, and nobody else's", async () => {
  expect(await names()).toEqual(["dow_1", "dow_2"]);
  whose = "acc_2";
  expect(await names()).toEqual(["dow_3"]);
  whose = null;
  expect(await names()).toEqual([]);
});

test.each(["acc_2", null])("%s cannot play what acc_1 keeps", async (other) => {
  expect((await browser().start("dow_1")).licence.keys).toEqual({ kid: "key" });

  whose = other;

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

  whose = "acc_2";
  await browser().sync();
  expect(api.givenBack).toEqual([]);

  whose = "acc_1";
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
