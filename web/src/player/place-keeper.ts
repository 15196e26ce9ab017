/** Decides when the place reached in a title is worth a write; knows no video and no network. */
import type { Reached } from "../api/progress";

export interface PlaceWriter {
  keep(titleId: string, reached: Reached): Promise<void>;
  keepWhileLeaving(titleId: string, reached: Reached): void;
}

export class PlaceKeeper {
  #reached: Reached | null = null;
  #writtenSecond: number | null = null;

  constructor(
    private readonly titleId: string,
    private readonly writer: PlaceWriter,
  ) {}

  /** Told as the picture moves. Until then nothing is written: a failed start keeps the old place. */
  moved(positionSeconds: number, durationSeconds: number): void {
    if (!(durationSeconds > 0) || !Number.isFinite(positionSeconds)) return;
    const position = Math.min(Math.max(0, positionSeconds), durationSeconds);
    this.#reached = {
      positionSeconds: Math.round(position * 10) / 10,
      durationSeconds: Math.round(durationSeconds * 10) / 10,
    };
  }

  /** Null as long as no picture has shown. */
  get reached(): Reached | null {
    return this.#reached;
  }

  /** On pause, at the end, on going to another page. */
  keep(): Promise<void> {
    const reached = this.#unwritten();
    return reached === null ? Promise.resolve() : this.writer.keep(this.titleId, reached);
  }

  /** When the tab is hidden or closed: there may be no later. */
  keepWhileLeaving(): void {
    const reached = this.#unwritten();
    if (reached !== null) this.writer.keepWhileLeaving(this.titleId, reached);
  }

  #unwritten(): Reached | null {
    const second = this.#reached === null ? null : Math.floor(this.#reached.positionSeconds);
    if (second === null || second === this.#writtenSecond) return null;
    this.#writtenSecond = second;
    return this.#reached;
  }
}
