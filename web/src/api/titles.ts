/** What there is to watch, as the catalogue tells it. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

/** An episode's place in its series. */
export interface EpisodeOf {
  readonly seriesId: string;
  readonly series: string;
  readonly season: number;
  readonly episode: number;
}

/** A part of a title, in seconds from its beginning. */
export interface Span {
  readonly startsAtSeconds: number;
  readonly endsAtSeconds: number;
}

/** What of a title may be skipped; null for what nobody marked. */
export interface Markers {
  readonly intro: Span | null;
  /** From here to the end. */
  readonly creditsAtSeconds: number | null;
}

export const NOTHING_MARKED: Markers = { intro: null, creditsAtSeconds: null };

/** What staff see of it. */
export interface MarkedTitle extends Markers {
  readonly durationSeconds: number;
}

/** A film or an episode: what can be played. */
export interface Title {
  readonly titleId: string;
  readonly name: string;
  readonly durationSeconds: number;
  /** Path on this origin, or null while there is no picture. */
  readonly posterUrl: string | null;
  /** Null for a film. */
  readonly episodeOf: EpisodeOf | null;
  /** From which age it may be watched, in years. */
  readonly maturity: number;
}

/** A series among the titles. */
export interface Series {
  readonly seriesId: string;
  readonly name: string;
  readonly posterUrl: string | null;
  readonly seasonCount: number;
  readonly episodeCount: number;
}

export interface Season {
  readonly number: number;
  /** In order. */
  readonly episodes: readonly Title[];
}

/** A series with what there is of it. */
export interface SeriesDetail extends Series {
  readonly seasons: readonly Season[];
}

export type Listed = Title | Series;

export const isSeries = (one: Listed): one is Series => "seriesId" in one;

/** A series' id looks like no other title's. */
export const isSeriesId = (titleId: string): boolean => titleId.startsWith("srs_");

export function episodeOfFrom(fields: Fields): EpisodeOf | null {
  const place = fields.fieldsOrNull("episode_of");
  if (place === null) return null;
  return {
    seriesId: place.text("series_id"),
    series: place.text("series"),
    season: place.number("season"),
    episode: place.number("episode"),
  };
}

export function markersFrom(fields: Fields): Markers {
  const intro = fields.fieldsOrNull("intro");
  return {
    intro:
      intro === null
        ? null
        : {
            startsAtSeconds: intro.number("starts_at_seconds"),
            endsAtSeconds: intro.number("ends_at_seconds"),
          },
    creditsAtSeconds: fields.numberOrNull("credits_at_seconds"),
  };
}

const markedFrom = (answer: unknown): MarkedTitle => {
  const fields = new Fields(answer, "markers");
  return { ...markersFrom(fields), durationSeconds: fields.number("duration_seconds") };
};

const markersPath = (titleId: string): string => `/titles/${encodeURIComponent(titleId)}/markers`;

/** The title that an asset becomes. */
export const titleIdOf = (assetId: string): string => assetId.replace(/^ast_/, "ttl_");

function titleFrom(fields: Fields): Title {
  return {
    titleId: fields.text("title_id"),
    name: fields.text("name"),
    durationSeconds: fields.number("duration_seconds"),
    posterUrl: fields.textOrNull("poster_url"),
    episodeOf: episodeOfFrom(fields),
    maturity: fields.number("maturity"),
  };
}

function seriesFrom(fields: Fields): Series {
  return {
    seriesId: fields.text("title_id"),
    name: fields.text("name"),
    posterUrl: fields.textOrNull("poster_url"),
    seasonCount: fields.number("season_count"),
    episodeCount: fields.number("episode_count"),
  };
}

export class TitlesApi {
  constructor(private readonly client: ApiClient) {}

  async all(signal?: AbortSignal): Promise<readonly Listed[]> {
    const answer = new Fields(await this.client.get("/titles", signal), "titles");
    return answer
      .list("titles")
      .map((fields) => (fields.text("kind") === "series" ? seriesFrom(fields) : titleFrom(fields)));
  }

  async one(titleId: string, signal?: AbortSignal): Promise<Title> {
    return titleFrom(await this.#detail(titleId, signal));
  }

  async series(seriesId: string, signal?: AbortSignal): Promise<SeriesDetail> {
    const fields = await this.#detail(seriesId, signal);
    const seasons = fields.list("seasons").map((season) => ({
      number: season.number("season"),
      episodes: season.list("episodes").map(titleFrom),
    }));
    return { ...seriesFrom(fields), seasons };
  }

  /** For staff. */
  async markers(titleId: string, signal?: AbortSignal): Promise<MarkedTitle> {
    return markedFrom(await this.client.get(markersPath(titleId), signal));
  }

  /** For staff: in place of all that was marked. */
  async mark(titleId: string, { intro, creditsAtSeconds }: Markers): Promise<MarkedTitle> {
    return markedFrom(
      await this.client.put(markersPath(titleId), {
        intro:
          intro === null
            ? null
            : {
                starts_at_seconds: intro.startsAtSeconds,
                ends_at_seconds: intro.endsAtSeconds,
              },
        credits_at_seconds: creditsAtSeconds,
      }),
    );
  }

  async #detail(titleId: string, signal?: AbortSignal): Promise<Fields> {
    const path = `/titles/${encodeURIComponent(titleId)}`;
    return new Fields(await this.client.get(path, signal), "title");
  }
}
