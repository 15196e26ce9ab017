/** Decides when a play tells where it is; knows no video and no network. */
import type { Beacon } from "../api/playback";
import type { Reached } from "../api/progress";

/** What a browser that dies may lose; half of it would double the requests of an hour. */
export const BEACON_INTERVAL_MS = 120_000;

export class Beacons {
  #toldAt: number | null = null;

  constructor(
    private readonly tell: (beacon: Beacon) => void,
    private readonly now: () => number,
  ) {}

  /** Told as the picture moves. */
  moved(reached: Reached): void {
    const now = this.now();
    if (this.#toldAt !== null && now - this.#toldAt < BEACON_INTERVAL_MS) return;
    const kind = this.#toldAt === null ? "start" : "position";
    this.#toldAt = now;
    this.tell({ kind, ...reached });
  }
}
