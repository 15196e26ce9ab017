/**
 * Keeps what plays have told until the service has it: through retries, a network that is away, and
 * a page that is closed. Knows no video.
 *
 * What waits lies in localStorage under its account's and its play's names, so that the next visit
 * of that account sends what this one could not, whoever was here in between. A ticket there opens
 * nothing: it says whose play it was, for as long as it lives, and only beside an access token of
 * the same account. A page holds a lock for each play that it has in hand, paused or not, and the
 * browser frees it when the page is gone: only then is what it left behind another page's.
 */
import type { Beacon, Told } from "../api/beacons";

export interface Play {
  readonly sessionId: string;
  readonly ticket: string;
}

export interface BeaconSender {
  tell(ticket: string, beacons: readonly Beacon[]): Promise<Told>;
  tellWhileLeaving(ticket: string, beacons: readonly Beacon[]): Promise<Told>;
}

interface Waiting {
  /** Null where it is not known whose play it is: then it is kept for no later visit. */
  readonly accountId: string | null;
  readonly ticket: string;
  beacons: Beacon[];
  /** Where the picture was a moment ago; told only by a later visit, after a page that was killed. */
  mark: Beacon | null;
  refusals: number;
}

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** The service takes no more in one batch. */
export const MOST_BEACONS = 50;

/** Evenings without a network; the oldest goes first. */
export const MOST_PLAYS = 10;

/** The service drops what is older than thirty days: a little less, for the way there. */
export const OLDEST_MS = 30 * 24 * 3_600_000 - 5 * 60_000;

/** Somebody who toggles pause is one request, not ten. */
export const GAP_MS = 5_000;

/** A throttled stream answers "no" as well, and has room again within seconds. */
export const MOST_REFUSALS = 5;

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
const PREFIX = "marquee.beacons.";

/** A page that was killed could not say that it leaves: its screen is somebody else's to have. */
function over(left: Waiting): Waiting {
  const last = left.beacons.at(-1);
  if (last === undefined || last.kind === "leave") return left;
  return { ...left, beacons: [...left.beacons.slice(1 - MOST_BEACONS), { ...last, kind: "leave" }] };
}

const nameOf = (accountId: string, sessionId: string): string => `${accountId}.${sessionId}`;

/** An account of "" is in no record of ours. */
function partsOf(name: string): { readonly accountId: string; readonly sessionId: string } {
  const [accountId = "", sessionId = ""] = name.includes(".") ? name.split(".") : [];
  return { accountId, sessionId };
}

export class BeaconOutbox {
  readonly #waiting = new Map<string, Waiting>();
  #failures = 0;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isSending = false;
  /** By names of plays that this page has in hand: what lets go of them. */
  readonly #inHand = new Map<string, () => void>();
  /** Those that it waits for. */
  readonly #askedFor = new Set<string>();

  constructor(
    private readonly sender: BeaconSender,
    private readonly storage: () => Kept,
    private readonly now: () => number,
    private readonly random: () => number,
    /** The account that watches, or would if there were a network. */
    private readonly whose: () => string | null,
    private readonly locks: Pick<LockManager, "request">,
  ) {}

  /** Tells it at once, or as soon as that can be done. */
  tell(play: Play, beacon: Beacon): void {
    this.#add(play, beacon);
    this.#sendSoon();
  }

  /** Tells it, and all that waits, from a page that may not be there a moment later. */
  tellWhileLeaving(play: Play, beacon: Beacon): void {
    this.#add(play, beacon);
    for (const [sessionId, waiting] of this.#waiting) {
      const batch = this.#batchOf(waiting);
      if (batch.length === 0) continue;
      void this.sender
        .tellWhileLeaving(waiting.ticket, batch)
        .then((told) => {
          this.#settle(sessionId, waiting, batch, told);
          if (told === "taken") return;
          // The page is still there after all.
          this.#failures += 1;
          this.#wait(this.#backoff());
        });
    }
  }

  /** Notes where the picture is, for the case that nothing can be told any more. */
  mark(play: Play, beacon: Beacon): void {
    const waiting = this.#of(play);
    waiting.mark = beacon;
    this.#keep(play.sessionId, waiting);
  }

  /**
   * Sends what an earlier visit of this account left behind, and what waits: at the start, and back
   * online. Not in the first moment, when a page has better things to ask for.
   */
  sendKept(): void {
    for (const name of this.#keptNames()) {
      const { accountId, sessionId } = partsOf(name);
      if (this.#waiting.has(sessionId)) continue;
      if (this.#read(name, accountId) === null) this.#forget(name);
      else if (accountId === this.whose()) this.#hold(name, () => this.#takeUp(name));
    }
    this.#failures = 0;
    if (this.#waiting.size > 0) this.#wait(FIRST_WAIT_MS);
  }

  /** What a page left behind that is gone; false where there is nothing of it any more. */
  #takeUp(name: string): boolean {
    const { accountId, sessionId } = partsOf(name);
    const left = accountId === this.whose() ? this.#read(name, accountId) : null;
    if (left === null || this.#waiting.has(sessionId)) return false;
    this.#waiting.set(sessionId, over(left));
    this.#wait(FIRST_WAIT_MS);
    return true;
  }

  /** Takes a play in hand as soon as no other page has it, unless it is not `wanted` any more. */
  #hold(name: string, wanted: () => boolean): void {
    if (this.#inHand.has(name)) {
      wanted();
      return;
    }
    if (this.#askedFor.has(name)) return;
    this.#askedFor.add(name);
    void this.locks.request(PREFIX + name, () => {
      this.#askedFor.delete(name);
      if (!wanted()) return undefined;
      return new Promise<void>((letGo) => this.#inHand.set(name, letGo));
    });
  }

  /** The person signs out: what they told and nobody heard waits until that account is back. */
  rest(): void {
    this.#waiting.clear();
    for (const letGo of this.#inHand.values()) letGo();
    this.#inHand.clear();
    this.#wait(null);
  }

  #of(play: Play): Waiting {
    const known = this.#waiting.get(play.sessionId);
    if (known !== undefined) return known;
    const waiting: Waiting = {
      accountId: this.whose(),
      ticket: play.ticket,
      beacons: [],
      mark: null,
      refusals: 0,
    };
    this.#waiting.set(play.sessionId, waiting);
    if (waiting.accountId !== null) {
      const { sessionId } = play;
      this.#hold(nameOf(waiting.accountId, sessionId), () => this.#waiting.has(sessionId));
    }
    if (this.#waiting.size > MOST_PLAYS) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#drop(oldest);
    }
    return waiting;
  }

  #add(play: Play, beacon: Beacon): void {
    const waiting = this.#of(play);
    waiting.beacons.push(beacon);
    waiting.mark = null;
    if (waiting.beacons.length > MOST_BEACONS) {
      // Later places say more than earlier ones.
      const position = waiting.beacons.findIndex(({ kind }) => kind === "position");
      waiting.beacons.splice(Math.max(0, position), 1);
    }
    this.#keep(play.sessionId, waiting);
  }

  #batchOf(waiting: Waiting): readonly Beacon[] {
    const since = this.now() - OLDEST_MS;
    waiting.beacons = waiting.beacons.filter(({ at }) => at >= since);
    return [...waiting.beacons];
  }

  #sendSoon(): void {
    if (this.#isSending || (this.#failures > 0 && this.#timer !== null)) return;
    const gap = this.#lastSentAt + GAP_MS - this.now();
    if (gap > 0) this.#wait(Math.min(gap, GAP_MS));
    else void this.#send();
  }

  async #send(): Promise<void> {
    this.#wait(null);
    this.#isSending = true;
    let isHeard = true;
    for (const [sessionId, waiting] of [...this.#waiting]) {
      const batch = this.#batchOf(waiting);
      if (batch.length === 0) {
        if (waiting.mark === null) this.#drop(sessionId);
        continue;
      }
      this.#lastSentAt = this.now();
      const told = await this.sender.tell(waiting.ticket, batch);
      this.#settle(sessionId, waiting, batch, told);
      isHeard = told === "taken";
      if (!isHeard) break;
    }
    this.#isSending = false;
    this.#failures = isHeard ? 0 : this.#failures + 1;
    const isLeft = [...this.#waiting.values()].some(({ beacons }) => beacons.length > 0);
    if (!isLeft) return;
    if (isHeard) this.#sendSoon();
    else this.#wait(this.#backoff());
  }

  #settle(sessionId: string, waiting: Waiting, batch: readonly Beacon[], told: Told): void {
    if (told === "refused") waiting.refusals += 1;
    if (told === "unheard" || (told === "refused" && waiting.refusals < MOST_REFUSALS)) return;
    waiting.refusals = 0;
    waiting.beacons = waiting.beacons.filter((beacon) => !batch.includes(beacon));
    if (this.#waiting.get(sessionId) !== waiting) return;
    if (waiting.beacons.length === 0 && waiting.mark === null) this.#drop(sessionId);
    else this.#keep(sessionId, waiting);
  }

  /** Doubled with each failure, and a quarter more or less: players that failed together part. */
  #backoff(): number {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    return wait * (0.75 + this.random() / 2);
  }

  #wait(milliseconds: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = milliseconds === null ? null : setTimeout(() => this.#due(), milliseconds);
  }

  #due(): void {
    this.#timer = null;
    if (!this.#isSending) void this.#send();
  }

  #drop(sessionId: string): void {
    const waiting = this.#waiting.get(sessionId);
    this.#waiting.delete(sessionId);
    if (waiting?.accountId != null) this.#forget(nameOf(waiting.accountId, sessionId));
  }

  #keep(sessionId: string, { accountId, ticket, beacons, mark }: Waiting): void {
    if (accountId === null) return;
    const kept = mark === null ? beacons : [...beacons.slice(1 - MOST_BEACONS), mark];
    const name = nameOf(accountId, sessionId);
    try {
      this.storage().setItem(PREFIX + name, JSON.stringify({ ticket, beacons: kept }));
    } catch {
      // A browser that keeps nothing still sends.
    }
  }

  #forget(name: string): void {
    try {
      this.storage().removeItem(PREFIX + name);
    } catch {
      // Where nothing can be kept, nothing is.
    }
  }

  /** Null for what is no record of ours, and what the service would not take any more. */
  #read(name: string, accountId: string): Waiting | null {
    try {
      const kept = JSON.parse(this.storage().getItem(PREFIX + name) ?? "null") as Waiting;
      const beacons = kept.beacons.filter(({ at }) => at >= this.now() - OLDEST_MS);
      if (accountId === "" || typeof kept.ticket !== "string" || beacons.length === 0) return null;
      return { accountId, ticket: kept.ticket, beacons, mark: null, refusals: 0 };
    } catch {
      return null;
    }
  }

  #keptNames(): readonly string[] {
    try {
      const storage = this.storage();
      const names = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "");
      return names
        .filter((name) => name.startsWith(PREFIX))
        .map((name) => name.slice(PREFIX.length))
        .sort();
    } catch {
      return [];
    }
  }
}
