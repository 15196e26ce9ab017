/** How fast an upload is, and how long it will take. Pure but for what it is told. */

/** Long enough to level out parts that start and end, short enough to follow a line that changes. */
const WINDOW_MS = 10_000;

/** Before that, a few packets in a buffer would promise the moon. */
const SHORTEST_MS = 1_500;

interface Mark {
  readonly at: number;
  readonly bytes: number;
}

export class Pace {
  #marks: Mark[] = [];

  /** So many bytes are sent at a moment, in epoch milliseconds. Fewer than before is a new start. */
  note(at: number, bytes: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#marks = [];
    this.#marks.push({ at, bytes });
    // One mark older than the window stays: the window begins somewhere between it and the next.
    while ((this.#marks[1]?.at ?? at) < at - WINDOW_MS) this.#marks.shift();
  }

  forget(): void {
    this.#marks = [];
  }

  /** Null while it is too early to tell. */
  get bytesPerSecond(): number | null {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < SHORTEST_MS) return null;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }

  /** Null while it is too early to tell, or while nothing moves. */
  secondsLeft(sizeBytes: number): number | null {
    const speed = this.bytesPerSecond;
    const last = this.#marks.at(-1);
    if (speed === null || speed <= 0 || last === undefined) return null;
    return (sizeBytes - last.bytes) / speed;
  }
}
