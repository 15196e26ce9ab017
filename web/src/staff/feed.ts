/** The list of assets as it is now: asks again while somebody looks, and less often in vain. */
import type { Asset, AssetDetail, AssetsApi } from "../api/assets";
import { ApiError } from "../api/problem";

export interface FeedView {
  /** Null until the first answer. */
  readonly assets: readonly Asset[] | null;
  readonly hasMore: boolean;
  /** Of assets that somebody has opened, by id. */
  readonly details: ReadonlyMap<string, AssetDetail>;
  /** Why the last question had no answer; what is shown may be old. */
  readonly problem: unknown;
}

export interface FeedDependencies {
  readonly api: Pick<AssetsApi, "page" | "one">;
  readonly isVisible: () => boolean;
  /** Calls back after so many milliseconds; what it answers calls it off. */
  readonly later: (milliseconds: number, act: () => void) => () => void;
}

export const PAGE = 20;

/** The API's own limit for one answer. */
const MOST = 100;

/** While the pipeline works; transcoding tells its progress about as often. */
export const BUSY_MS = 2_000;
/** While nothing is: another person's upload shows that much later. */
export const QUIET_MS = 5_000;
export const LONGEST_MS = 60_000;

export class Feed {
  readonly #listeners = new Set<() => void>();
  readonly #opened = new Set<string>();
  readonly #gone = new Set<string>();
  #wanted = PAGE;
  #failures = 0;
  #isAsking = false;
  #askAgain = false;
  #asking = new AbortController();
  #callOff = (): void => undefined;
  #view: FeedView = { assets: null, hasMore: false, details: new Map(), problem: null };

  constructor(private readonly uses: FeedDependencies) {}

  readonly view = (): FeedView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Until the returned function is called. */
  start(): () => void {
    this.#asking = new AbortController();
    this.refresh();
    return () => {
      this.#asking.abort();
      this.#callOff();
    };
  }

  /** Ask now: something was done, or somebody looks again. */
  readonly refresh = (): void => {
    if (this.#isAsking) {
      this.#askAgain = true;
      return;
    }
    this.#callOff();
    void this.#ask(this.#asking.signal);
  };

  more(): void {
    this.#wanted = (this.#view.assets?.length ?? 0) + PAGE;
    this.refresh();
  }

  /** Follow an asset's steps, or no longer. */
  follow(assetId: string, isOpen: boolean): void {
    if (isOpen === this.#opened.has(assetId)) return;
    if (isOpen) this.#opened.add(assetId);
    else this.#opened.delete(assetId);
    if (isOpen) this.refresh();
  }

  /** An asset is deleted; the index it is listed by may not know yet. */
  forget(assetId: string): void {
    this.#gone.add(assetId);
    this.#opened.delete(assetId);
    const assets = this.#view.assets?.filter((asset) => asset.assetId !== assetId) ?? null;
    this.#become({ assets });
    this.refresh();
  }

  /** An asset as the API has just told it. */
  learn(detail: AssetDetail): void {
    this.#become(this.#with([detail]));
    this.refresh();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    this.#isAsking = true;
    try {
      const { assets, hasMore } = await this.#pages(signal);
      const listed = new Set(assets.map((asset) => asset.assetId));
      const opened = [...this.#opened].filter((assetId) => listed.has(assetId));
      const details = await Promise.all(opened.map((assetId) => this.#detail(assetId, signal)));
      if (signal.aborted) return;
      this.#failures = 0;
      this.#become({ assets, hasMore, problem: null });
      this.#become(this.#with(details.filter((detail) => detail !== null)));
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      this.#become({ problem: error });
    } finally {
      this.#isAsking = false;
      if (!signal.aborted || this.#askAgain) this.#schedule();
    }
  }

  async #pages(signal: AbortSignal): Promise<{ assets: readonly Asset[]; hasMore: boolean }> {
    const assets: Asset[] = [];
    let after: string | null = null;
    do {
      const limit = Math.min(MOST, this.#wanted - assets.length);
      const page = await this.uses.api.page(limit, after, signal);
      assets.push(...page.assets);
      after = page.nextAfter;
    } while (after !== null && assets.length < this.#wanted);
    return {
      assets: assets.filter((asset) => !this.#gone.has(asset.assetId)),
      hasMore: after !== null,
    };
  }

  async #detail(assetId: string, signal: AbortSignal): Promise<AssetDetail | null> {
    try {
      return await this.uses.api.one(assetId, signal);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      // Somebody else has deleted it since it was listed.
      this.#gone.add(assetId);
      return null;
    }
  }

  /** The item itself is read consistently, so it knows better than the list. */
  #with(details: readonly AssetDetail[]): Partial<FeedView> {
    const known = new Map(this.#view.details);
    for (const detail of details) known.set(detail.assetId, detail);
    const fresh = new Map(details.map((detail) => [detail.assetId, detail]));
    const assets = (this.#view.assets ?? [])
      .filter((asset) => !this.#gone.has(asset.assetId))
      .map((asset) => fresh.get(asset.assetId) ?? asset);
    return { assets, details: known };
  }

  #schedule(): void {
    if (this.#askAgain) {
      this.#askAgain = false;
      this.refresh();
      return;
    }
    // Whoever looks again asks again.
    if (!this.uses.isVisible()) return;
    this.#callOff = this.uses.later(this.#pauseMs(), this.refresh);
  }

  #pauseMs(): number {
    const usual = this.#isBusy() ? BUSY_MS : QUIET_MS;
    return Math.min(LONGEST_MS, usual * 2 ** this.#failures);
  }

  /** A film is ready a moment before its last step is over. */
  #isBusy(): boolean {
    const isRunning = (asset: Asset): boolean =>
      asset.status === "processing" ||
      (asset.status === "ready" &&
        this.#opened.has(asset.assetId) &&
        (this.#view.details.get(asset.assetId)?.steps.some((step) => step.status === "running") ??
          false));
    return this.#view.assets?.some(isRunning) ?? false;
  }

  #become(change: Partial<FeedView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}
