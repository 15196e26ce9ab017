/** One series: its seasons, how far each episode was watched, and going on with the right one. */
import { type ReactNode, useCallback, useEffect } from "react";
import type { Progress } from "../api/progress";
import type { Season, SeriesDetail, Title } from "../api/titles";
import { useLoaded } from "../api/use-loaded";
import { episodeNumber, nextToWatch } from "../player/episodes";
import { isFinished, isUnderWay } from "../player/resume";
import { clockTime, runningTime } from "../player/time";
import { watchPath } from "../routing";
import { useServices } from "../services";
import { useDocumentTitle } from "../ui/document-title";
import { offerFirstAction } from "../ui/focus";
import { PlayIcon } from "../ui/icons";
import { Link } from "../ui/link";
import { Spinner } from "../ui/spinner";
import { Poster } from "./poster";
import { prefetchPlayer } from "./prefetch-player";
import { ProgressBar } from "./progress-bar";
import { seriesSize } from "./series-card";
import { SiteHeader } from "./site-header";
import { Backdrop, Name, Refusal } from "./title-page";
import "./catalog.css";
import "./series.css";

interface Detail {
  readonly series: SeriesDetail;
  readonly progress: ReadonlyMap<string, Progress>;
}

/** A season grows while it is looked at: the studio publishes episode by episode. */
const AGAIN_EVERY_MS = 30_000;

export function SeriesPage({ seriesId }: { readonly seriesId: string }): ReactNode {
  const { titles, progress } = useServices();
  const load = useCallback(
    async (signal: AbortSignal): Promise<Detail> => {
      const [series, reached] = await Promise.all([
        titles.series(seriesId, signal),
        progress.all(signal).catch(() => new Map<string, Progress>()),
      ]);
      return { series, progress: reached };
    },
    [titles, progress, seriesId],
  );
  const detail = useLoaded(`series ${seriesId}`, load, { againEveryMs: AGAIN_EVERY_MS });
  useDocumentTitle(detail.status === "ready" ? detail.value.series.name : "Series");

  return (
    <div className="cinema">
      <SiteHeader />
      <main id="main" className="title-page" tabIndex={-1} aria-busy={detail.status === "loading"}>
        {detail.status === "loading" && <Spinner label="Loading the series" fills />}
        {detail.status === "failed" && <Refusal error={detail.error} retry={detail.retry} />}
        {detail.status === "ready" && <SeriesShown {...detail.value} />}
      </main>
    </div>
  );
}

function SeriesShown({ series, progress }: Detail): ReactNode {
  const next = nextToWatch(series, progress);
  useEffect(offerFirstAction, []);
  return (
    <article className="detail" onPointerEnter={prefetchPlayer}>
      <Backdrop url={series.posterUrl} />
      <div className="detail-text series-text">
        <Name>{series.name}</Name>
        <p className="detail-facts">{seriesSize(series)}</p>
        {next !== null && <GoOn episode={next} reached={progress.get(next.titleId)} />}
      </div>
      {series.seasons.map((season) => (
        <SeasonList key={season.number} season={season} progress={progress} />
      ))}
    </article>
  );
}

function GoOn({
  episode,
  reached,
}: {
  readonly episode: Title;
  readonly reached: Progress | undefined;
}): ReactNode {
  const resumes = reached !== undefined && isUnderWay(reached);
  return (
    <div className="detail-actions">
      <Link
        to={watchPath(episode.titleId)}
        className="button button-primary"
        data-first-action
        onFocus={prefetchPlayer}
      >
        <PlayIcon />
        {resumes ? "Resume" : "Play"}
        {episode.episodeOf !== null && ` ${episodeNumber(episode.episodeOf)}`}
      </Link>
    </div>
  );
}

function SeasonList({
  season,
  progress,
}: {
  readonly season: Season;
  readonly progress: ReadonlyMap<string, Progress>;
}): ReactNode {
  const id = `season-${season.number}`;
  return (
    <section className="season" aria-labelledby={id}>
      <h2 id={id}>Season {season.number}</h2>
      <ol className="episodes">
        {season.episodes.map((episode) => (
          <Episode
            key={episode.titleId}
            episode={episode}
            reached={progress.get(episode.titleId)}
          />
        ))}
      </ol>
    </section>
  );
}

function Episode({
  episode,
  reached,
}: {
  readonly episode: Title;
  readonly reached: Progress | undefined;
}): ReactNode {
  return (
    <li className="card episode" data-focus-box>
      <span className="card-picture">
        <Poster title={episode} />
        <span className="card-play" aria-hidden="true">
          <PlayIcon />
        </span>
        {reached !== undefined && <ProgressBar reached={reached} />}
      </span>
      <span className="episode-text">
        <span className="episode-number" aria-hidden="true">
          {episode.episodeOf?.episode}
        </span>
        <Link
          to={watchPath(episode.titleId)}
          className="card-link"
          onPointerEnter={prefetchPlayer}
          onFocus={prefetchPlayer}
        >
          <span className="visually-hidden">
            {`Play episode ${episode.episodeOf?.episode ?? ""}: `}
          </span>
          <bdi>{episode.name}</bdi>
        </Link>
        <span className="card-note">{noteOf(episode, reached)}</span>
      </span>
    </li>
  );
}

function noteOf(episode: Title, reached: Progress | undefined): string {
  if (reached !== undefined && isFinished(reached)) return "Watched";
  if (reached !== undefined && isUnderWay(reached)) {
    return `${clockTime(reached.durationSeconds - reached.positionSeconds)} left`;
  }
  return runningTime(episode.durationSeconds);
}
