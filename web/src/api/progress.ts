/** Where the person stopped watching each title. */
import type { ApiClient } from "./client";
import { ApiError } from "./problem";
import { Fields } from "./read";

export interface Reached {
  readonly positionSeconds: number;
  readonly durationSeconds: number;
}

export interface Progress extends Reached {
  readonly titleId: string;
  /** Epoch milliseconds. */
  readonly recordedAt: number;
}

/**
 * Places that this tab has just told of. Beacons take a moment through their stream: until the
 * service answers with them, a page that asks at once would show the old place.
 */
export interface ToldPlaces {
  readonly all: () => readonly Progress[];
}

export class ProgressApi {
  constructor(
    private readonly client: ApiClient,
    private readonly told: ToldPlaces,
  ) {}

  /** The latest first. */
  async all(signal?: AbortSignal): Promise<ReadonlyMap<string, Progress>> {
    const answer = new Fields(await this.client.get("/progress", signal), "progress");
    const places = new Map(
      answer.list("progress").map((fields) => [fields.text("title_id"), progressFrom(fields)]),
    );
    for (const place of this.told.all()) {
      places.set(place.titleId, later(places.get(place.titleId), place));
    }
    const latestFirst = [...places.values()].sort((a, b) => b.recordedAt - a.recordedAt);
    return new Map(latestFirst.map((place) => [place.titleId, place]));
  }

  /** Null when the title was never watched. */
  async of(titleId: string, signal?: AbortSignal): Promise<Progress | null> {
    const known = await this.#kept(titleId, signal);
    const told = this.told.all().find((place) => place.titleId === titleId);
    return told === undefined ? known : later(known ?? undefined, told);
  }

  async #kept(titleId: string, signal?: AbortSignal): Promise<Progress | null> {
    try {
      const path = `/progress/${encodeURIComponent(titleId)}`;
      return progressFrom(new Fields(await this.client.get(path, signal), "progress"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }
}

function progressFrom(fields: Fields): Progress {
  return {
    titleId: fields.text("title_id"),
    positionSeconds: fields.number("position_seconds"),
    durationSeconds: fields.number("duration_seconds"),
    recordedAt: Date.parse(fields.text("recorded_at")),
  };
}

function later(kept: Progress | undefined, told: Progress): Progress {
  return kept === undefined || kept.recordedAt < told.recordedAt ? told : kept;
}
