/** Titles kept on this device: fetched, opened without the network, renewed and given back. */
import { ApiError, ConnectionError } from "../api/problem";
import type { Start } from "../api/playback";
import type { Progress, Reached } from "../api/progress";
import { NOTHING_MARKED } from "../api/titles";
import { noteKeepsTitles } from "../catalog/keeps-titles";
import type { DownloadsApi, Grant } from "./api";
import { keptOf } from "./manifest";
import { keepAppOffline, leaveAppOnline } from "./offline-app";
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
  /** The account whose titles are shown and played here; null for nobody's. */
  readonly whose: () => string | null;
  readonly now: () => number;
  readonly vault: Kept;
}

type Kept = Pick<Vault, "all" | "find" | "secrets" | "put" | "note" | "remove" | "isEmpty">;

/** Signing out waits no longer for titles to be given back: what is owed is given back later. */
const GIVING_BACK_MS = 5_000;

export class Downloads {
  readonly #vault: Kept;

  constructor(private readonly using: Using) {
    this.#vault = using.vault;
  }

  async list(): Promise<Listed[]> {
    const now = this.using.now();
    const listed = await Promise.all(
      (await this.#all()).map(async (title) => {
        const secrets = await this.#secrets(title.downloadId);
        if (secrets === null) return { ...title, endsAt: 0, ended: "expired" as const };
        return { ...title, endsAt: endsAt(secrets.terms), ended: ended(secrets.terms, now) };
      }),
    );
    this.#note(listed.length > 0);
    return listed.sort((one, other) => one.name.localeCompare(other.name));
  }

  /** Keeps a title; what was fetched is thrown away when it fails. */
  async keep(titleId: string, fetched: Fetched, signal?: AbortSignal): Promise<void> {
    const accountId = this.using.whose();
    if (accountId === null) throw new NotPlayable("gone");
    const grant = await this.using.api.grant(titleId);
    const kept = await this.#vault.find(grant.downloadId, accountId);
    if (kept !== null) {
      // Its files are here: the same download, renewed.
      await this.#vault.put({ ...kept, isFirstPlayTold: false }, grant);
      return;
    }
    try {
      const size = await fetchFilm(grant, fetched, signal);
      await this.#vault.put(
        {
          downloadId: grant.downloadId,
          accountId,
          titleId,
          name: grant.name,
          durationSeconds: grant.durationSeconds,
          bytes: size,
          reached: null,
          isFirstPlayTold: false,
        },
        grant,
      );
      noteKeepsTitles(accountId, true);
      await keepAppOffline();
      // The browser may say no; then it may clear the film when space runs out.
      await navigator.storage?.persist?.();
    } catch (error) {
      await this.#vault.remove(grant.downloadId);
      await this.using.api.giveBack(grant.downloadId).catch(() => undefined);
      throw error;
    }
  }

  async renew(downloadId: string): Promise<void> {
    const grant = await this.using.api.renew(downloadId);
    const title = await this.#find(downloadId);
    if (title === null) throw new NotPlayable("gone");
    const renewed = { ...title, isFirstPlayTold: false };
    await this.#vault.put(renewed, grant);
  }

  /** Removes it here at once; without the network the service hears of it with the next sync. */
  async remove(downloadId: string): Promise<void> {
    await this.#take(downloadId);
    await this.#giveBack(downloadId);
    await this.#leaveUnlessKept();
  }

  /** Where no account keeps anything, the app need not open without the network. */
  async #leaveUnlessKept(): Promise<void> {
    if (await this.#vault.isEmpty()) await leaveAppOnline();
  }

  /** Off this device; the service is owed it. */
  async #take(downloadId: string): Promise<void> {
    const accountId = this.using.whose();
    if (accountId === null) throw new NotPlayable("gone");
    owed.add(accountId, downloadId);
    await this.#vault.remove(downloadId);
  }

  /** What the service does not hear stays owed. */
  async #giveBack(downloadId: string): Promise<void> {
    const accountId = this.using.whose();
    if (accountId === null) return;
    try {
      await this.using.api.giveBack(downloadId);
    } catch (error) {
      // The service has taken it back already: nothing is owed.
      if (!(error instanceof ApiError && error.status === 404)) return;
    }
    owed.delete(accountId, downloadId);
  }

  /**
   * All of the account that signs out of this browser. Gone when it resolves; what the service has
   * not heard of by then is given back when that account returns.
   */
  async clear(): Promise<void> {
    const removed = await Promise.all(
      (await this.#all()).map(async ({ downloadId }) => {
        await this.#take(downloadId);
        return downloadId;
      }),
    );
    this.#note(false);
    await this.#leaveUnlessKept();
    const late = new Promise<void>((resolve) => setTimeout(resolve, GIVING_BACK_MS));
    await Promise.race([Promise.all(removed.map((id) => this.#giveBack(id))), late]);
  }

  #note(keeps: boolean): void {
    const accountId = this.using.whose();
    if (accountId !== null) noteKeepsTitles(accountId, keeps);
  }

  /** Tells what happened without the network, and drops what the service has taken back. */
  async sync(): Promise<void> {
    const accountId = this.using.whose();
    if (accountId === null) return;
    for (const downloadId of owed.all(accountId)) await this.#giveBack(downloadId);
    const here = await this.using.api.here();
    for (const title of await this.#all()) {
      await this.#tell(title);
      const secrets = await this.#secrets(title.downloadId);
      const isLive = secrets !== null && ended(secrets.terms, this.using.now()) === null;
      // What has ended is listed no more, and may be renewed; what lives and is not listed is gone.
      if (isLive && !here.has(title.downloadId)) await this.#vault.remove(title.downloadId);
    }
  }

  async #tell(title: KeptTitle): Promise<void> {
    const { downloadId } = title;
    const first = (await this.#secrets(downloadId))?.terms.firstPlayedAt ?? null;
    if (first === null || title.isFirstPlayTold) return;
    await this.using.api.tellFirstPlay(downloadId, first).catch((error: unknown) => {
      // Taken back meanwhile: there is nobody to tell.
      if (!(error instanceof ApiError)) throw error;
    });
    await this.#vault.note(downloadId, this.using.whose(), { isFirstPlayTold: true });
  }

  /** What a player needs to play it; NotPlayable when its time is over. Its two days begin. */
  async start(downloadId: string): Promise<Start> {
    const [title, secrets] = await Promise.all([
      this.#find(downloadId),
      this.#secrets(downloadId),
    ]);
    if (title === null || secrets === null) throw new NotPlayable("gone");
    const now = this.using.now();
    const why = ended(secrets.terms, now);
    if (why !== null) {
      await this.#vault.put(title, { ...secrets, terms: seen(secrets.terms, now) });
      throw new NotPlayable(why);
    }
    await this.#vault.put(title, { ...secrets, terms: begun(secrets.terms, now) });
    return {
      sessionId: downloadId,
      ticket: secrets.ticket,
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

  /** Where watching stopped here. */
  async reached(downloadId: string): Promise<Progress | null> {
    const title = await this.#find(downloadId);
    if (title === null || title.reached === null) return null;
    const { titleId, durationSeconds, reached } = title;
    const { positionSeconds, at } = reached;
    return { titleId, durationSeconds, positionSeconds, recordedAt: at };
  }

  async keepPlace(downloadId: string, { positionSeconds }: Reached): Promise<void> {
    const reached = { positionSeconds, at: this.using.now() };
    await this.#vault.note(downloadId, this.using.whose(), { reached });
  }

  #all(): Promise<KeptTitle[]> {
    return this.#vault.all(this.using.whose());
  }

  #find(downloadId: string): Promise<KeptTitle | null> {
    return this.#vault.find(downloadId, this.using.whose());
  }

  #secrets(downloadId: string): Promise<Secrets | null> {
    return this.#vault.secrets(downloadId, this.using.whose());
  }
}

/** A kept file, for the engine. */
export async function readKept(downloadId: string, name: string): Promise<ArrayBuffer | null> {
  const cache = await caches.open(shelfOf(downloadId));
  const found = await cache.match(keptUrl(name));
  return found === undefined ? null : found.arrayBuffer();
}

/** Downloads that were removed and not given back yet, by account. */
const OWED = "marquee.owed-downloads.";
const owed = {
  all: (accountId: string): string[] =>
    JSON.parse(localStorage.getItem(OWED + accountId) ?? "[]") as string[],
  add: (accountId: string, id: string): void =>
    localStorage.setItem(OWED + accountId, JSON.stringify([...owed.all(accountId), id])),
  delete: (accountId: string, id: string): void => {
    const left = owed.all(accountId).filter((one) => one !== id);
    if (left.length > 0) localStorage.setItem(OWED + accountId, JSON.stringify(left));
    else localStorage.removeItem(OWED + accountId);
  },
};

/** Fetches a film's files into its cache; answers their bytes. */
async function fetchFilm(grant: Grant, fetched: Fetched, signal?: AbortSignal): Promise<number> {
  const address = new URL(grant.manifestUrl, location.origin);
  const { manifest, files } = keptOf(await documentAt(address.href));
  const cache = await caches.open(shelfOf(grant.downloadId));
  await cache.put(keptUrl(MANIFEST), new Response(manifest));
  const waiting = [...files];
  let size = manifest.length;
  let done = 0;
  const fetchNext = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const answer = await fetch(new URL(name, address), signal === undefined ? {} : { signal });
      if (!answer.ok) throw new ConnectionError(`A part of the film answered ${answer.status}.`);
      const body = await answer.arrayBuffer();
      await cache.put(keptUrl(name), new Response(body));
      size += body.byteLength;
      done += 1;
      fetched(done / files.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchNext));
  return size;
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
