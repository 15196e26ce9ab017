import type { ReactNode } from "react";
import type { Reached } from "../api/progress";
import type { EpisodeOf, Title } from "../api/titles";
import { episodeNumber } from "../player/episodes";
import { clockTime, runningTime } from "../player/time";
import { titlePath, watchPath } from "../routing";
import { PlayIcon } from "../ui/icons";
import { Link } from "../ui/link";
import { Poster } from "./poster";
import { prefetchPlayer } from "./prefetch-player";
import { ProgressBar } from "./progress-bar";

interface Props {
  readonly title: Title;
  readonly progress: Reached | undefined;
  /** Goes on playing at once, instead of showing what the title is. */
  readonly resumes?: boolean;
}

export function TitleCard({ title, progress, resumes = false }: Props): ReactNode {
  return (
    <li className="card" data-focus-box>
      <span className="card-picture">
        <Poster title={title} />
        {resumes && (
          <span className="card-play" aria-hidden="true">
            <PlayIcon />
          </span>
        )}
        {progress !== undefined && <ProgressBar reached={progress} />}
      </span>
      {/* Named by the title alone; it reaches over the whole card. */}
      <Link
        to={resumes ? watchPath(title.titleId) : titlePath(title.titleId)}
        className="card-link"
        onPointerEnter={prefetchPlayer}
        onFocus={prefetchPlayer}
      >
        {resumes && (
          <span className="visually-hidden">{progress === undefined ? "Play " : "Resume "}</span>
        )}
        <bdi>{title.name}</bdi>
      </Link>
      <span className="card-note">
        {resumes && title.episodeOf !== null && <Place of={title.episodeOf} />}
        {resumes && progress !== undefined
          ? `${clockTime(progress.durationSeconds - progress.positionSeconds)} left`
          : runningTime(title.durationSeconds)}
      </span>
    </li>
  );
}

function Place({ of }: { readonly of: EpisodeOf }): ReactNode {
  return (
    <>
      <bdi>{of.series}</bdi>
      {` ${episodeNumber(of)} · `}
    </>
  );
}
