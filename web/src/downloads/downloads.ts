/** Titles kept on this device: fetched, opened without the network, renewed and given back. */
import { ApiError, ConnectionError } from "../api/problem";
import type { Viewer } from "../auth/last-viewer";
import type { Start } from "../api/playback";
import type { Progress, Reached } from "../api/progress";
import { NOTHING_MARKED } from "../api/titles";
import { noteKeepsTitles } from "../catalog/keeps-titles";
import type { DownloadsApi, Grant } from "./api";
import { keptOf } from "./manifest";
import { keepAppOffline, leaveAppOnline } from "./offline-app";
import { owed } from "./owed";
import { begun, ended, type Ended, endsAt, seen } from "./terms";
import { type KeptTitle, keptUrl, type Secrets, shelfOf, type Vault } from "./vault";

export const MANIFEST = "manifest.mpd";

/** The engine reads a kept title's files under this scheme, by the id of its download. */
export const SCHEME = "kept";

/** Why a kept title is not played, in the shape of the API's refusals. */
export class NotPlayable extends ApiError {
  constructor(why: Ended | "gone") {
    super(403, `download_${why}`, WORDS[why].title, WORDS[why].detail, null);
  }
}

const WORDS = {
  expired: {
    title: "The time for this download is over",
    detail: "Connect to the network and renew it, or remove it.",
  },
  clock: {
    title: "This device's clock went back",
    detail: "Set it right, then try again.",
  },
  gone: {
    title: "This download is not here any more",
    detail: "Download it again when you are connected.",
  },
} as const;

export interface Listed extends KeptTitle {
  /** Epoch milliseconds. */
  readonly endsAt: number;
  readonly ended: Ended | null;
}

/** Part of a film that was fetched, 0 to 1. */
export type Fetched = (part: number) => void;

/** How many files at once: enough to fill a line, few enough to leave one for watching. */
const AT_ONCE = 4;

interface Using {
  readonly api: Pick<DownloadsApi, "grant" | "renew" | "giveBack" | "here" | "tellFirstPlay">;
  /** The profile whose titles are shown and played here; null for nobody's. */
  readonly viewer: () => Viewer | null;
  readonly now: () => number;
  readonly vault: Kept;
  readonly files: Pick<typeof FILES, "fetch">;
  /** What tabs keep out of each other's way by; undefined where a browser has none. */
  readonly locks: LockManager | undefined;
}

type Kept = Pick<Vault, "all" | "find" | "secrets" | "put" | "note" | "remove" | "isEmpty">;

/** Signing out waits no longer for titles to be given back: what is owed is given back later. */
const GIVING_BACK_MS = 5_000;

export class Downloads {
  readonly #vault: Kept;

  constructor(private readonly using: Using) {
    this.#vault = using.vault;
  }

  /** What the profile that watches keeps. */
  async list(): Promise<Listed[]> {
    const now = this.using.now();
    const all = await this.#all();
    this.#note(all.length > 0);
    const listed = await Promise.all(
      all.map(async (title): Promise<Listed | null> => {
        const secrets = await this.#secrets(title.downloadId);
        // Nobody can say whose it was: whoever sees it may remove it.
        if (secrets === null) return { ...title, endsAt: 0, ended: "expired" };
        if (this.#ticket(secrets) === null) return null;
        return { ...title, endsAt: endsAt(secrets.terms), ended: ended(secrets.terms, now) };
      }),
    );
    return listed
      .filter((title) => title !== null)
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /** Keeps a title; what was fetched is thrown away when it fails, or the page is closed. */
  async keep(titleId: string, fetched: Fetched, signal?: AbortSignal): Promise<void> {
    const { accountId } = this.#viewer();
    await this.settle();
    const grant = await this.using.api.grant(titleId);
    const { downloadId } = grant;
    const kept = await this.#vault.find(downloadId, accountId);
    if (kept !== null) {
      await this.#renewed(kept, grant, fetched);
      return;
    }
    owed.add(accountId, downloadId);
    try {
      await this.#alone(downloadId, () => this.#fetch(grant, fetched, signal));
    } catch (error) {
      await this.settle();
      throw error;
    }
    owed.delete(accountId, downloadId);
    noteKeepsTitles(accountId, true);
    await keepAppOffline();
    // The browser may say no; then it may clear the film when space runs out.
    await navigator.storage?.persist?.();
  }

  async renew(downloadId: string): Promise<void> {
    const title = await this.#find(downloadId);
    if (title === null) throw new NotPlayable("gone");
    let grant: Grant;
    try {
      grant = await this.using.api.renew(downloadId);
    } catch (error) {
      if (!isNotThere(error)) throw error;
      // The service has forgotten it: whoever wants it downloads it anew.
      await this.#vault.remove(downloadId);
      throw new NotPlayable("gone");
    }
    await this.#renewed(title, grant, () => undefined);
  }

  /** Under new terms. Files that the new keys do not open are fetched anew; until then the old hold. */
  async #renewed(title: KeptTitle, grant: Grant, fetched: Fetched): Promise<void> {
    const { downloadId } = title;
    const secrets = await this.#secrets(downloadId);
    const kids = Object.keys(secrets?.keys ?? {});
    if (secrets === null || kids.some((kid) => grant.keys[kid] === undefined)) {
      await this.#alone(downloadId, () => this.#fetch(grant, fetched));
      return;
    }
    const tickets = { ...secrets.tickets, [this.#viewer().profileId]: grant.ticket };
    const keys = only(kids, grant.keys);
    await this.#vault.put(
      { ...title, isFirstPlayTold: false },
      { keys, terms: grant.terms, tickets },
    );
  }

  async #fetch(granted: Grant, fetched: Fetched, signal?: AbortSignal): Promise<void> {
    const { accountId, profileId } = this.#viewer();
    const { downloadId, titleId } = granted;
    let grant = granted;
    // The same download under new cookies: a slow line takes longer than they last.
    const reopen = async (): Promise<void> => {
      grant = await this.using.api.grant(titleId);
    };
    const { bytes, kids } = await this.using.files.fetch(granted, fetched, reopen, signal);
    const before = await this.#vault.find(downloadId, accountId);
    const known = await this.#vault.secrets(downloadId, accountId);
    await this.#vault.put(
      {
        downloadId,
        accountId,
        titleId,
        name: grant.name,
        durationSeconds: grant.durationSeconds,
        bytes,
        places: before?.places ?? {},
        isFirstPlayTold: false,
      },
      {
        keys: only(kids, grant.keys),
        terms: grant.terms,
        tickets: { ...known?.tickets, [profileId]: grant.ticket },
      },
    );
  }

  /** For the profile that watches; off this device when no other keeps it, too. */
  async remove(downloadId: string): Promise<void> {
    const { accountId, profileId } = this.#viewer();
    const [title, secrets] = await Promise.all([
      this.#find(downloadId),
      this.#secrets(downloadId),
    ]);
    const { [profileId]: _, ...others } = secrets?.tickets ?? {};
    if (title !== null && secrets !== null && Object.keys(others).length > 0) {
      await this.#vault.put(title, { ...secrets, tickets: others });
      return;
    }
    await this.#take(accountId, downloadId);
    await this.#giveBack(accountId, downloadId);
    await this.#leaveUnlessKept();
  }

  /** Where no account keeps anything, the app need not open without the network. */
  async #leaveUnlessKept(): Promise<void> {
    if (await this.#vault.isEmpty()) await leaveAppOnline();
  }

  /** Off this device; the service is owed its place. */
  async #take(accountId: string, downloadId: string): Promise<void> {
    owed.add(accountId, downloadId);
    await this.#vault.remove(downloadId);
  }

  /** What the service does not hear stays owed. */
  async #giveBack(accountId: string, downloadId: string): Promise<void> {
    try {
      await this.using.api.giveBack(downloadId);
    } catch (error) {
      // The service has taken it back already: nothing is owed.
      if (!isNotThere(error)) return;
    }
    owed.delete(accountId, downloadId);
  }

  /** Gives back what is owed, but for what some tab is fetching right now. */
  async settle(): Promise<void> {
    const accountId = this.using.viewer()?.accountId;
    if (accountId === undefined) return;
    for (const downloadId of owed.all(accountId)) {
      await this.#unlessFetched(downloadId, async () => {
        if ((await this.#vault.find(downloadId, accountId)) !== null) {
          // It was kept after all.
          owed.delete(accountId, downloadId);
          return;
        }
        await this.#vault.remove(downloadId);
        await this.#giveBack(accountId, downloadId);
      });
    }
  }

  async #alone(downloadId: string, act: () => Promise<void>): Promise<void> {
    const { locks } = this.using;
    await (locks === undefined ? act() : locks.request(LOCK + downloadId, act));
  }

  async #unlessFetched(downloadId: string, act: () => Promise<void>): Promise<void> {
    const { locks } = this.using;
    if (locks === undefined) return act();
    await locks.request(LOCK + downloadId, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await act();
    });
  }

  /**
   * All of the account that signs out of this browser. Gone when it resolves; what the service has
   * not heard of by then is given back when that account returns.
   */
  async clear(): Promise<void> {
    const accountId = this.using.viewer()?.accountId;
    if (accountId === undefined) return;
    for (const { downloadId } of await this.#all()) await this.#take(accountId, downloadId);
    this.#note(false);
    await this.#leaveUnlessKept();
    const late = new Promise<void>((resolve) => setTimeout(resolve, GIVING_BACK_MS));
    const all = owed.all(accountId).map((id) => this.#giveBack(accountId, id));
    await Promise.race([Promise.all(all), late]);
  }

  #note(keeps: boolean): void {
    const accountId = this.using.viewer()?.accountId;
    if (accountId !== undefined) noteKeepsTitles(accountId, keeps);
  }

  /** Tells what happened without the network, and drops what the service has taken back. */
  async sync(): Promise<void> {
    if (this.using.viewer() === null) return;
    await this.settle();
    const titles = await this.#all();
    const grantedAt = await Promise.all(titles.map((title) => this.#grantedAt(title)));
    const here = await this.using.api.here();
    for (const [number, title] of titles.entries()) {
      await this.#tell(title);
      const { downloadId } = title;
      const secrets = await this.#secrets(downloadId);
      const isLive = secrets !== null && ended(secrets.terms, this.using.now()) === null;
      // One that was renewed since the service was asked is not in its answer yet.
      const isAsBefore = secrets?.terms.grantedAt === grantedAt[number];
      // What has ended is listed no more, and may be renewed; what lives and is not listed is gone.
      if (isLive && isAsBefore && !here.has(downloadId)) await this.#vault.remove(downloadId);
    }
  }

  async #grantedAt({ downloadId }: KeptTitle): Promise<number | undefined> {
    return (await this.#secrets(downloadId))?.terms.grantedAt;
  }

  /** What the service does not hear is told with the next sync. */
  async #tell(title: KeptTitle): Promise<void> {
    const { downloadId, accountId } = title;
    const first = (await this.#secrets(downloadId))?.terms.firstPlayedAt ?? null;
    if (first === null || title.isFirstPlayTold) return;
    try {
      await this.using.api.tellFirstPlay(downloadId, first);
    } catch (error) {
      // Taken back meanwhile: there is nobody to tell.
      if (!isNotThere(error)) return;
    }
    await this.#vault.note(downloadId, accountId, { isFirstPlayTold: true });
  }

  /** What a player needs to play it; NotPlayable when its time is over. Its two days begin. */
  async start(downloadId: string): Promise<Start> {
    const [title, secrets] = await Promise.all([
      this.#find(downloadId),
      this.#secrets(downloadId),
    ]);
    const ticket = this.#ticket(secrets);
    if (title === null || secrets === null || ticket === null) throw new NotPlayable("gone");
    const now = this.using.now();
    const why = ended(secrets.terms, now);
    if (why !== null) {
      await this.#vault.put(title, { ...secrets, terms: seen(secrets.terms, now) });
      throw new NotPlayable(why);
    }
    await this.#vault.put(title, { ...secrets, terms: begun(secrets.terms, now) });
    return {
      sessionId: downloadId,
      ticket,
      cdns: [{ id: SCHEME, manifestUrl: `${SCHEME}://${downloadId}/${MANIFEST}` }],
      durationSeconds: title.durationSeconds,
      storyboardUrl: null,
      licence: {
        keySystem: "org.w3.clearkey",
        url: "",
        token: async () => "",
        keys: secrets.keys,
      },
      name: title.name,
      episodeOf: null,
      markers: NOTHING_MARKED,
    };
  }

  /** Which title it is; null for what is not here. */
  async titleId(downloadId: string): Promise<string | null> {
    return (await this.#find(downloadId))?.titleId ?? null;
  }

  /** Where the profile stopped watching here. */
  async reached(downloadId: string): Promise<Progress | null> {
    const title = await this.#find(downloadId);
    const place = title?.places[this.using.viewer()?.profileId ?? ""];
    if (title === null || place === undefined) return null;
    const { titleId, durationSeconds } = title;
    return { titleId, durationSeconds, positionSeconds: place.positionSeconds, recordedAt: place.at };
  }

  async keepPlace(downloadId: string, { positionSeconds }: Reached): Promise<void> {
    const { accountId, profileId } = this.#viewer();
    const title = await this.#find(downloadId);
    if (title === null) return;
    const places = { ...title.places, [profileId]: { positionSeconds, at: this.using.now() } };
    await this.#vault.note(downloadId, accountId, { places });
  }

  #viewer(): Viewer {
    const viewer = this.using.viewer();
    if (viewer === null) throw new NotPlayable("gone");
    return viewer;
  }

  /** Null where the title is not of the profile that watches. */
  #ticket(secrets: Secrets | null): string | null {
    return secrets?.tickets[this.using.viewer()?.profileId ?? ""] ?? null;
  }

  #all(): Promise<KeptTitle[]> {
    return this.#vault.all(this.#accountId());
  }

  #find(downloadId: string): Promise<KeptTitle | null> {
    return this.#vault.find(downloadId, this.#accountId());
  }

  #secrets(downloadId: string): Promise<Secrets | null> {
    return this.#vault.secrets(downloadId, this.#accountId());
  }

  #accountId(): string | null {
    return this.using.viewer()?.accountId ?? null;
  }
}

/** Held by the tab that fetches a title, by its download. */
const LOCK = "marquee.download.";

const isNotThere = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

const only = (
  kids: readonly string[],
  keys: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(keys).filter(([kid]) => kids.includes(kid)));

/** A kept file, for the engine. */
export async function readKept(downloadId: string, name: string): Promise<ArrayBuffer | null> {
  const cache = await caches.open(shelfOf(downloadId));
  const found = await cache.match(keptUrl(name));
  return found === undefined ? null : found.arrayBuffer();
}

interface Fetching {
  readonly bytes: number;
  /** Of the keys that open what was fetched. */
  readonly kids: readonly string[];
}

/** The files of films, in this browser's cache. */
export const FILES = {
  /**
   * Fetches a film's files; its manifest comes last, so that what was there before holds until then.
   * `reopen` makes the edge let this browser in again.
   */
  fetch: async (
    grant: Grant,
    fetched: Fetched,
    reopen: () => Promise<void>,
    signal?: AbortSignal,
  ): Promise<Fetching> => {
    const address = new URL(grant.manifestUrl, location.origin);
    const { manifest, files, kids } = keptOf(await documentAt(address.href));
    const cache = await caches.open(shelfOf(grant.downloadId));
    const part = opener(reopen, signal);
    const waiting = [...files];
    let bytes = manifest.length;
    let done = 0;
    const fetchNext = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const body = await part(new URL(name, address));
        await cache.put(keptUrl(name), new Response(body));
        bytes += body.byteLength;
        done += 1;
        fetched(done / files.length);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, fetchNext));
    await cache.put(keptUrl(MANIFEST), new Response(manifest));
    const named = new Set([MANIFEST, ...files].map((name) => new URL(keptUrl(name), location.origin).href));
    for (const { url } of await cache.keys()) if (!named.has(url)) await cache.delete(url);
    return { bytes, kids };
  },
};

/** Fetches one file after the other, and where the edge refuses asks once more to be let in. */
export function opener(
  reopen: () => Promise<void>,
  signal?: AbortSignal,
): (address: URL) => Promise<ArrayBuffer> {
  let reopening: Promise<void> | null = null;
  const ask = (address: URL): Promise<Response> =>
    fetch(address, signal === undefined ? {} : { signal });
  return async (address) => {
    let answer = await ask(address);
    if (answer.status === 403) {
      reopening ??= reopen().finally(() => {
        reopening = null;
      });
      await reopening;
      answer = await ask(address);
    }
    if (!answer.ok) throw new ConnectionError(`A part of the film answered ${answer.status}.`);
    return answer.arrayBuffer();
  };
}

/** XMLHttpRequest reads XML itself: a parser that takes strings would need a trusted type. */
function documentAt(address: string): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.overrideMimeType("application/xml");
    request.onload = () => {
      const found = request.status === 200 ? request.responseXML : null;
      if (found === null) reject(new ConnectionError("The film's manifest cannot be read."));
      else resolve(found);
    };
    request.onerror = () => reject(new ConnectionError("Marquee could not be reached."));
    request.send();
  });
}
