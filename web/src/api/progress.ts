/** Where the person stopped watching each title. */
import type { ApiClient } from "./client";
import { ApiError } from "./problem";
import { Fields } from "./read";

export interface Progress {
  readonly titleId: string;
  readonly positionSeconds: number;
  readonly durationSeconds: number;
}

export interface Reached {
  readonly positionSeconds: number;
  readonly durationSeconds: number;
}

export class ProgressApi {
  /** The last write under way: reading waits for it, or the page left would show the old place. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly client: ApiClient,
    private readonly now: () => Date,
  ) {}

  async all(signal?: AbortSignal): Promise<ReadonlyMap<string, Progress>> {
    await this.#writing;
    const answer = new Fields(await this.client.get("/progress", signal), "progress");
    const entries = answer.list("progress").map((fields) => ({
      titleId: fields.text("title_id"),
      positionSeconds: fields.number("position_seconds"),
      durationSeconds: fields.number("duration_seconds"),
    }));
    return new Map(entries.map((entry) => [entry.titleId, entry]));
  }

  /** Null when the title was never watched. */
  async of(titleId: string, signal?: AbortSignal): Promise<Progress | null> {
    await this.#writing;
    try {
      const fields = new Fields(await this.client.get(this.#path(titleId), signal), "progress");
      return {
        titleId,
        positionSeconds: fields.number("position_seconds"),
        durationSeconds: fields.number("duration_seconds"),
      };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** Never rejects: a place not kept is a nuisance, and the next write carries a later one. */
  keep(titleId: string, reached: Reached): Promise<void> {
    const write = this.client.put(this.#path(titleId), this.#body(reached)).then(
      () => undefined,
      () => undefined,
    );
    this.#writing = write;
    return write;
  }

  /** The same from a page that is going away. */
  keepWhileLeaving(titleId: string, reached: Reached): void {
    this.client.putWhileLeaving(this.#path(titleId), this.#body(reached));
  }

  #path(titleId: string): string {
    return `/progress/${encodeURIComponent(titleId)}`;
  }

  #body(reached: Reached): Record<string, unknown> {
    return {
      position_seconds: reached.positionSeconds,
      duration_seconds: reached.durationSeconds,
      recorded_at: this.now().toISOString(),
    };
  }
}
