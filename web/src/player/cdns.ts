/** Where a play's files can be had: one folder for each CDN, and which of them answers just now. */
import type { Cdn } from "../api/playback";

/** A CDN that failed is left alone for as long as one that is overloaded needs to recover. */
const AVOIDED_MS = 60_000;

/** What beacons tell of CDNs; nothing where there is one only. */
export interface Met {
  readonly cdn?: string;
  readonly failedCdns?: readonly string[];
}

export class Cdns {
  /** Absolute addresses, each ending with a slash, the one to begin with first. */
  readonly #folders: readonly string[];
  /** By folder. */
  readonly #ids = new Map<string, string>();
  readonly #failed = new Set<string>();
  #serving: string | undefined;
  /** By folder: until when it is asked last. */
  readonly #avoidedUntil = new Map<string, number>();

  /** `cdns` have one film's manifest each, those with a relative address on `origin`. */
  constructor(
    readonly cdns: readonly Cdn[],
    origin: string,
    private readonly now: () => number,
  ) {
    this.#folders = cdns.map(({ id, manifestUrl }) => {
      const folder = new URL(".", new URL(manifestUrl, origin)).href;
      this.#ids.set(folder, id);
      return folder;
    });
  }

  /** The same file on every CDN, in the order to ask; anything else as it is. */
  addressesOf(uri: string): string[] {
    const folder = this.#folderOf(uri);
    if (folder === undefined) return [uri];
    const rest = uri.slice(folder.length);
    const isAvoided = (each: string): boolean => (this.#avoidedUntil.get(each) ?? 0) > this.now();
    const inOrder = [...this.#folders].sort((a, b) => Number(isAvoided(a)) - Number(isAvoided(b)));
    return inOrder.map((each) => each + rest);
  }

  /** A request got no answer there, or one that tells of the CDN's own trouble. */
  failed(uri: string): void {
    const folder = this.#folderOf(uri);
    if (folder === undefined) return;
    this.#avoidedUntil.set(folder, this.now() + AVOIDED_MS);
    this.#failed.add(this.#ids.get(folder) ?? "");
  }

  /** A part of the film came from there. */
  served(uri: string): void {
    const folder = this.#folderOf(uri);
    if (folder !== undefined) this.#serving = this.#ids.get(folder);
  }

  /** What to tell of them; failures are told once. */
  met(): Met {
    if (this.cdns.length < 2) return {};
    const failedCdns = [...this.#failed];
    this.#failed.clear();
    return {
      ...(this.#serving === undefined ? {} : { cdn: this.#serving }),
      ...(failedCdns.length === 0 ? {} : { failedCdns }),
    };
  }

  #folderOf(uri: string): string | undefined {
    return this.#folders.find((folder) => uri.startsWith(folder));
  }
}
