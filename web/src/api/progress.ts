/** Where the person stopped watching each title. */
import { isUnderWay } from "../player/resume";
import type { ApiClient } from "./client";
import { ApiError } from "./problem";
import { Fields } from "./read";

export interface Reached {
  readonly positionSeconds: number;
  readonly durationSeconds: number;
}

/** `isFinished` where the service has judged it: it knows where the credits begin. */
export interface Judged extends Reached {
  readonly isFinished?: boolean;
}

export interface Progress extends Judged {
  readonly titleId: string;
  /** Epoch milliseconds. */
  readonly recordedAt: number;
}

/** Something to go on with. */
export interface GoesOn extends Reached {
  readonly titleId: string;
  /** It is not under way itself, but follows what is finished. */
  readonly isNext: boolean;
}

export interface Watched {
  /** The latest first. */
  readonly places: ReadonlyMap<string, Progress>;
  readonly goesOnWith: readonly GoesOn[];
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
    return (await this.watched(signal)).places;
  }

  async watched(signal?: AbortSignal): Promise<Watched> {
    const answer = new Fields(await this.client.get("/progress", signal), "progress");
    const places = new Map(
      answer.list("progress").map((fields) => [fields.text("title_id"), progressFrom(fields)]),
    );
    let goesOnWith = answer.list("continue_watching").map(goesOnFrom);
    for (const place of this.told.all()) {
      const { titleId } = place;
      if (later(places.get(titleId), place) !== place) continue;
      places.set(titleId, place);
      goesOnWith = goesOnWith.filter((entry) => entry.titleId !== titleId);
      if (isUnderWay(place)) goesOnWith.unshift({ ...place, isNext: false });
    }
    const latestFirst = [...places.values()].sort((a, b) => b.recordedAt - a.recordedAt);
    return { places: new Map(latestFirst.map((place) => [place.titleId, place])), goesOnWith };
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

export function progressFrom(fields: Fields): Progress {
  return {
    titleId: fields.text("title_id"),
    positionSeconds: fields.number("position_seconds"),
    durationSeconds: fields.number("duration_seconds"),
    recordedAt: Date.parse(fields.text("recorded_at")),
    isFinished: fields.flag("finished"),
  };
}

function goesOnFrom(fields: Fields): GoesOn {
  return {
    titleId: fields.text("title_id"),
    positionSeconds: fields.number("position_seconds"),
    durationSeconds: fields.number("duration_seconds"),
    isNext: fields.flag("is_next"),
  };
}

function later(kept: Progress | undefined, told: Progress): Progress {
  return kept === undefined || kept.recordedAt < told.recordedAt ? told : kept;
}
