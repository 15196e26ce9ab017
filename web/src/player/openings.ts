/** The title that is being watched, begun as soon as the address says so: before its page is drawn. */
import type { Playback } from "./playback";

interface Opening {
  readonly key: string;
  readonly playback: Playback;
}

export class Openings {
  #latest: Opening | null = null;

  constructor(private readonly make: (titleId: string, fromStart: boolean) => Playback) {}

  /** Begins a title; the one before is left. The same again, while it is under way, is nothing new. */
  begin(titleId: string, fromStart: boolean): void {
    this.of(titleId, fromStart).begin();
  }

  /** The title's play as it was begun, or a new one. */
  of(titleId: string, fromStart: boolean): Playback {
    const key = `${titleId} ${fromStart}`;
    if (this.#latest?.key === key) return this.#latest.playback;
    this.leave();
    const playback = this.make(titleId, fromStart);
    this.#latest = { key, playback };
    return playback;
  }

  /** What is being watched; null when nothing is. */
  get latest(): Playback | null {
    return this.#latest?.playback ?? null;
  }

  /** Nobody watches any more. */
  leave(): void {
    this.#latest?.playback.leave();
    this.#latest = null;
  }
}
