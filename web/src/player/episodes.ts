/** Which episode comes next, and what an episode is called. */
import type { Progress } from "../api/progress";
import type { EpisodeOf, SeriesDetail, Title } from "../api/titles";
import { isFinished } from "./resume";

/** "S1 E2": short enough to stand beside a name. */
export const episodeNumber = ({ season, episode }: EpisodeOf): string => `S${season} E${episode}`;

/** "The Long Tide · S1 E2 · Low Water"; of a film its name alone. */
export function fullName(name: string, episodeOf: EpisodeOf | null): string {
  return episodeOf === null
    ? name
    : `${episodeOf.series} · ${episodeNumber(episodeOf)} · ${name}`;
}

export function episodesOf({ seasons }: SeriesDetail): readonly Title[] {
  return seasons.flatMap((season) => season.episodes);
}

/** Null after the last, and for a title that is not of this series. */
export function episodeAfter(series: SeriesDetail, titleId: string): Title | null {
  const episodes = episodesOf(series);
  const at = episodes.findIndex((episode) => episode.titleId === titleId);
  return at < 0 ? null : (episodes[at + 1] ?? null);
}

/**
 * Where a person goes on: in the episode watched last or, when that one is finished, in the one
 * after it. At the first when none was watched, or the last one is finished. `progress` has the
 * latest first.
 */
export function nextToWatch(
  series: SeriesDetail,
  progress: ReadonlyMap<string, Progress>,
): Title | null {
  const episodes = episodesOf(series);
  const byId = new Map(episodes.map((episode) => [episode.titleId, episode]));
  for (const [titleId, reached] of progress) {
    const watched = byId.get(titleId);
    if (watched === undefined) continue;
    const next = isFinished(reached) ? episodeAfter(series, titleId) : watched;
    return next ?? episodes[0] ?? null;
  }
  return episodes[0] ?? null;
}
