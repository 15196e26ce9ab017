/**
 * What comes after an episode: offered when its credits begin or, where nobody marked them, when it
 * ends; and played by itself unless that is declined.
 */
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { EpisodeOf, Title } from "../api/titles";
import { Poster } from "../catalog/poster";
import { navigate, watchPath } from "../routing";
import { useServices } from "../services";
import { PlayIcon } from "../ui/icons";
import { episodeAfter, episodeNumber } from "./episodes";
import { useOfferFocus } from "./offer-focus";
import "./next-episode.css";

/** Long enough to decline from across the room, short enough not to reach for the remote. */
const COUNTDOWN_SECONDS = 8;

/** Asked for this long before, so that the offer is there when the story ends. */
const ASK_BEFORE_SECONDS = 20;

interface Props {
  readonly titleId: string;
  readonly episodeOf: EpisodeOf;
  /** Until only credits are left. */
  readonly storyLeftSeconds: number;
  readonly areCreditsRunning: boolean;
  /** Whoever has paused reads the credits. */
  readonly isPaused: boolean;
  readonly hasEnded: boolean;
  /** The offer is gone, with the focus that was on it. */
  readonly onDeclined: () => void;
}

export function NextEpisode(props: Props): ReactNode {
  const { titleId, episodeOf, storyLeftSeconds, areCreditsRunning, isPaused, hasEnded } = props;
  const isNear = hasEnded || storyLeftSeconds < ASK_BEFORE_SECONDS;
  const next = useNext(titleId, episodeOf.seriesId, isNear);
  const [isDeclined, setDeclined] = useState(false);
  if (next === null || !(hasEnded || (areCreditsRunning && !isDeclined))) return null;
  return (
    <Offer
      next={next}
      isCounting={!isDeclined}
      isHeld={isPaused}
      hasEnded={hasEnded}
      onDecline={() => {
        setDeclined(true);
        props.onDeclined();
      }}
    />
  );
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

interface OfferProps {
  readonly next: Title;
  readonly isCounting: boolean;
  /** The seconds stand still. */
  readonly isHeld: boolean;
  readonly hasEnded: boolean;
  readonly onDecline: () => void;
}

function Offer({ next, isCounting, isHeld, hasEnded, onDecline }: OfferProps): ReactNode {
  const [remaining, setRemaining] = useState(COUNTDOWN_SECONDS);
  const play = useRef<HTMLButtonElement>(null);
  useOfferFocus(play, hasEnded);
  // In place of this episode: "back" leads out of the series, not through it.
  const playOn = (): void => navigate(watchPath(next.titleId), { replace: true });

  useEffect(() => {
    if (!isCounting || isHeld) return undefined;
    if (remaining === 0) {
      navigate(watchPath(next.titleId), { replace: true });
      return undefined;
    }
    const second = setTimeout(() => setRemaining(remaining - 1), 1000);
    return () => clearTimeout(second);
  }, [isCounting, isHeld, remaining, next.titleId]);

  return (
    <section
      className="next-episode"
      aria-label="Next episode"
      data-testid="next-episode"
      data-keys="offer"
    >
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
          <button
            ref={play}
            className="button button-primary"
            type="button"
            data-skip
            onClick={playOn}
          >
            <PlayIcon />
            Play next episode
          </button>
          {isCounting && (
            <button className="button" type="button" data-decline onClick={onDecline}>
              Cancel
            </button>
          )}
        </div>
      </div>
    </section>
  );
}
