/** Where a play's files can be had: one folder for each CDN, and which of them answers just now. */

/** A CDN that failed is left alone for as long as one that is overloaded needs to recover. */
const AVOIDED_MS = 60_000;

export class Cdns {
  /** Absolute addresses, each ending with a slash, the one to begin with first. */
  readonly #folders: readonly string[];
  /** By folder: until when it is asked last. */
  readonly #avoidedUntil = new Map<string, number>();

  /** `manifestUrls` are one film's manifest on each CDN, relative ones on `origin`. */
  constructor(
    manifestUrls: readonly string[],
    origin: string,
    private readonly now: () => number,
  ) {
    this.#folders = manifestUrls.map((url) => new URL(".", new URL(url, origin)).href);
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
    if (folder !== undefined) this.#avoidedUntil.set(folder, this.now() + AVOIDED_MS);
  }

  #folderOf(uri: string): string | undefined {
    return this.#folders.find((folder) => uri.startsWith(folder));
  }
}
