/**
 * What this browser keeps of titles: files in its cache, and one sealed record for each.
 *
 * A record's keys and terms are encrypted under a key of this browser that no script can read
 * (Web Cryptography, extractable: false), so that neither is found, or changed, where they rest. The
 * record is sealed for one account: under another's name it does not open.
 */
import { BrowserDatabase } from "../browser-database";
import type { Terms } from "./terms";

/** Sealed. */
export interface Secrets {
  /** Those that open the files here, by key id. */
  readonly keys: Readonly<Record<string, string>>;
  readonly terms: Terms;
  /** By profile: what its plays are told under. Nobody else of the account sees the title. */
  readonly tickets: Readonly<Record<string, string>>;
}

/** Where watching stopped here, and when. */
export interface Place {
  readonly positionSeconds: number;
  readonly at: number;
}

export interface KeptTitle {
  readonly downloadId: string;
  /** Whose it is: no other account sees it or opens its secrets. */
  readonly accountId: string;
  readonly titleId: string;
  readonly name: string;
  readonly durationSeconds: number;
  readonly bytes: number;
  /** By profile. */
  readonly places: Readonly<Record<string, Place>>;
  readonly isFirstPlayTold: boolean;
}

interface Row extends KeptTitle {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
}

export class Vault {
  readonly #database = new BrowserDatabase("marquee-downloads", (made) => {
    made.createObjectStore("titles", { keyPath: "downloadId" });
    made.createObjectStore("keys");
  });

  /** Of one account; what no account is named for is nobody's. */
  async all(accountId: string | null): Promise<KeptTitle[]> {
    const rows = await this.#database.ask<Row[]>("titles", "readonly", (store) => store.getAll());
    return rows.filter((row) => isTheirs(row, accountId));
  }

  /** Of all accounts. */
  async isEmpty(): Promise<boolean> {
    return (await this.#database.ask<number>("titles", "readonly", (store) => store.count())) === 0;
  }

  async find(downloadId: string, accountId: string | null): Promise<KeptTitle | null> {
    return (await this.#row(downloadId, accountId)) ?? null;
  }

  /** Null when there is no such title, or its record was tampered with. */
  async secrets(downloadId: string, accountId: string | null): Promise<Secrets | null> {
    const row = await this.#row(downloadId, accountId);
    if (row === undefined) return null;
    try {
      const params = { name: "AES-GCM", iv: row.iv, additionalData: sealedFor(row) };
      const text = await crypto.subtle.decrypt(params, await this.#key(), row.sealed);
      const secrets = JSON.parse(new TextDecoder().decode(text)) as Partial<Secrets>;
      // Sealed before profiles had titles of their own.
      return secrets.tickets === undefined ? null : (secrets as Secrets);
    } catch {
      return null;
    }
  }

  async put(title: KeptTitle, { keys, terms, tickets }: Secrets): Promise<void> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const params = { name: "AES-GCM", iv, additionalData: sealedFor(title) };
    const text = bytes(JSON.stringify({ keys, terms, tickets }));
    const sealed = await crypto.subtle.encrypt(params, await this.#key(), text);
    const row: Row = { ...title, iv, sealed };
    await this.#database.ask("titles", "readwrite", (store) => store.put(row));
  }

  /** Changes what is not sealed. */
  async note(
    downloadId: string,
    accountId: string | null,
    change: Partial<KeptTitle>,
  ): Promise<void> {
    const row = await this.#row(downloadId, accountId);
    if (row === undefined) return;
    await this.#database.ask("titles", "readwrite", (store) => store.put({ ...row, ...change }));
  }

  async remove(downloadId: string): Promise<void> {
    await this.#database.ask("titles", "readwrite", (store) => store.delete(downloadId));
    await caches.delete(shelfOf(downloadId));
  }

  async #row(downloadId: string, accountId: string | null): Promise<Row | undefined> {
    const row = await this.#database.ask<Row | undefined>("titles", "readonly", (store) =>
      store.get(downloadId),
    );
    return row !== undefined && isTheirs(row, accountId) ? row : undefined;
  }

  #key(): Promise<CryptoKey> {
    return this.#database.once<CryptoKey>("keys", "wrapping", () =>
      crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
    );
  }
}

const isTheirs = (title: KeptTitle, accountId: string | null): boolean =>
  accountId !== null && title.accountId === accountId;

const sealedFor = ({ downloadId, accountId }: KeptTitle): Uint8Array<ArrayBuffer> =>
  bytes(`${accountId} ${downloadId}`);

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** The cache that holds a title's files. */
export const shelfOf = (downloadId: string): string => `marquee download ${downloadId}`;

/** A kept file's name in its cache. */
export const keptUrl = (name: string): string => `/kept/${name}`;
