/** What comes after an episode: offered when it ends, and played by itself unless that is declined. */
import { type ReactNode, useEffect, useState } from "react";
import type { EpisodeOf, Title } from "../api/titles";
import { Poster } from "../catalog/poster";
import { navigate, watchPath } from "../routing";
import { useServices } from "../services";
import { PlayIcon } from "../ui/icons";
import { episodeAfter, episodeNumber } from "./episodes";
import "./next-episode.css";

/** Long enough to decline from across the room, short enough not to reach for the remote. */
const COUNTDOWN_SECONDS = 8;

/** Asked for this long before the end, so that the offer is there when the end is. */
const ASK_BEFORE_SECONDS = 20;

interface Props {
  readonly titleId: string;
  readonly episodeOf: EpisodeOf;
  readonly remainingSeconds: number;
  readonly hasEnded: boolean;
}

export function NextEpisode({ titleId, episodeOf, remainingSeconds, hasEnded }: Props): ReactNode {
  const isNear = hasEnded || remainingSeconds < ASK_BEFORE_SECONDS;
  const next = useNext(titleId, episodeOf.seriesId, isNear);
  return hasEnded && next !== null ? <Offer next={next} /> : null;
}

/** Null until it is known, and when nothing follows: then the episode just ends. */
function useNext(titleId: string, seriesId: string, isNear: boolean): Title | null {
  const { titles } = useServices();
  const [next, setNext] = useState<Title | null>(null);
  useEffect(() => {
    if (!isNear) return undefined;
    const leaving = new AbortController();
    titles.series(seriesId, leaving.signal).then(
      (series) => {
        if (!leaving.signal.aborted) setNext(episodeAfter(series, titleId));
      },
      () => undefined,
    );
    return () => leaving.abort();
  }, [titles, titleId, seriesId, isNear]);
  return next;
}

function Offer({ next }: { readonly next: Title }): ReactNode {
  const [remaining, setRemaining] = useState<number | null>(COUNTDOWN_SECONDS);
  const isCounting = remaining !== null;
  // In place of this episode: "back" leads out of the series, not through it.
  const playOn = (): void => navigate(watchPath(next.titleId), { replace: true });

  useEffect(() => {
    if (remaining === null) return undefined;
    if (remaining === 0) {
      navigate(watchPath(next.titleId), { replace: true });
      return undefined;
    }
    const second = setTimeout(() => setRemaining(remaining - 1), 1000);
    return () => clearTimeout(second);
  }, [remaining, next.titleId]);

  return (
    <section className="next-episode" aria-label="Next episode" data-testid="next-episode">
      <span className="next-episode-picture">
        <Poster title={next} />
      </span>
      <div className="next-episode-text">
        <p className="next-episode-when">
          <span aria-hidden="true">
            {isCounting ? `Next episode in ${remaining} s` : "Next episode"}
          </span>
          <span className="visually-hidden" role="status">
            {isCounting
              ? `The next episode starts in ${COUNTDOWN_SECONDS} seconds`
              : "The next episode waits"}
          </span>
        </p>
        <h2>
          {next.episodeOf !== null && `${episodeNumber(next.episodeOf)} · `}
          <bdi>{next.name}</bdi>
        </h2>
        <div className="next-episode-actions">
          <button className="button button-primary" type="button" autoFocus onClick={playOn}>
            <PlayIcon />
            Play next episode
          </button>
          {isCounting && (
            <button className="button" type="button" onClick={() => setRemaining(null)}>
              Cancel
            </button>
          )}
        </div>
      </div>
    </section>
  );
}
