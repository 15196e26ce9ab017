/** Decides what of a play is worth telling, and when; knows no video and no network. */
import type { Beacon, BeaconKind } from "../api/beacons";
import type { Reached } from "../api/progress";
import type { Met } from "./cdns";

/**
 * What a browser that is killed may lose; half of it would double the requests of an hour. The
 * service holds a screen by it: BEAT in lambdas/playback/leases.py.
 */
export const BEACON_INTERVAL_MS = 150_000;

/** How often the place is noted on this machine: what it loses itself when it is killed. */
export const MARK_INTERVAL_MS = 5_000;

export interface BeaconListener {
  tell(beacon: Beacon): void;
  /** From a page that may be going away. */
  tellWhileLeaving(beacon: Beacon): void;
  mark(beacon: Beacon): void;
}

export interface Clock {
  /** Epoch milliseconds: when something was. People and networks set it. */
  readonly now: () => number;
  /** Milliseconds that only ever grow: how long something took. */
  readonly elapsed: () => number;
}

export class Beacons {
  #reached: Reached | null = null;
  #told: Beacon | null = null;
  #markedAt = 0;
  #dueAt = 0;

  constructor(
    private readonly listener: BeaconListener,
    private readonly clock: Clock,
    private readonly random: () => number,
    /** What is to be told of CDNs since the last word. */
    private readonly met: () => Met = () => ({}),
  ) {}

  /** Told as the picture moves. Until then nothing is told: a failed start keeps the old place. */
  moved(positionSeconds: number, durationSeconds: number): void {
    if (!(durationSeconds > 0) || !Number.isFinite(positionSeconds)) return;
    const position = Math.min(Math.max(0, positionSeconds), durationSeconds);
    this.#reached = { positionSeconds: tenth(position), durationSeconds: tenth(durationSeconds) };
    const now = this.clock.elapsed();
    if (this.#told === null) {
      this.#tell("start");
      // Those who press play in the same minute part here, and stay apart.
      this.#dueAt = now + BEACON_INTERVAL_MS * (1 - this.random() / 2);
    } else if (now >= this.#dueAt) {
      this.#tell("position");
    } else if (now - this.#markedAt >= MARK_INTERVAL_MS) {
      this.#markedAt = now;
      const mark = this.#beacon("position");
      if (mark !== null) this.listener.mark(mark);
    }
  }

  /** The picture goes on after it had to wait for the network. */
  rebuffered(): void {
    this.#tell("rebuffer");
  }

  /** At the end, too. */
  paused(): void {
    if (this.#hasMoved()) this.#tell("pause");
  }

  failed(): void {
    this.#tell("error");
  }

  /** The play is over; `isLeavingPage` when there may be no later. */
  left(isLeavingPage: boolean): void {
    if (isLeavingPage) this.#tellWhileLeaving("leave");
    else this.#tell("leave");
  }

  /** The tab is hidden, or kept for "back": the last thing that many browsers let a page do. */
  hidden(): void {
    if (this.#hasMoved()) this.#tellWhileLeaving("position");
  }

  #tell(kind: BeaconKind): void {
    const beacon = this.#next(kind);
    if (beacon !== null) this.listener.tell(beacon);
  }

  #tellWhileLeaving(kind: BeaconKind): void {
    const beacon = this.#next(kind);
    if (beacon !== null) this.listener.tellWhileLeaving(beacon);
  }

  #next(kind: BeaconKind): Beacon | null {
    const here = this.#beacon(kind);
    if (here === null) return null;
    const beacon = { ...here, ...this.met() };
    this.#told = beacon;
    this.#markedAt = this.clock.elapsed();
    this.#dueAt = this.#markedAt + BEACON_INTERVAL_MS;
    return beacon;
  }

  #beacon(kind: BeaconKind): Beacon | null {
    return this.#reached === null ? null : { kind, at: this.clock.now(), ...this.#reached };
  }

  /** Since the last word. */
  #hasMoved(): boolean {
    const told = this.#told;
    return told !== null && this.#reached?.positionSeconds !== told.positionSeconds;
  }
}

const tenth = (seconds: number): number => Math.round(seconds * 10) / 10;
