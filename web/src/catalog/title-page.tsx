/** One title: what it is, and playing it. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { ApiError } from "../api/problem";
import { problemWords } from "../api/problem-words";
import type { Progress } from "../api/progress";
import type { Title } from "../api/titles";
import { useLoaded } from "../api/use-loaded";
import { episodeNumber } from "../player/episodes";
import { isUnderWay } from "../player/resume";
import { clockTime, runningTime } from "../player/time";
import { titlePath, watchPath } from "../routing";
import { useServices } from "../services";
import { useDocumentTitle } from "../ui/document-title";
import { offerFirstAction } from "../ui/focus";
import { PlayIcon } from "../ui/icons";
import { Link } from "../ui/link";
import { MessageBlock } from "../ui/message";
import { Spinner } from "../ui/spinner";
import { KeepButton } from "./keep-button";
import { LoadFailure } from "./load-failure";
import { prefetchPlayer } from "./prefetch-player";
import { ProgressBar } from "./progress-bar";
import { SiteHeader } from "./site-header";
import "./catalog.css";

/** A longer name is written smaller: in display size it would push everything else away. */
const LONG_NAME_CHARACTERS = 48;

interface Detail {
  readonly title: Title;
  readonly progress: Progress | null;
}

export function TitlePage({ titleId }: { readonly titleId: string }): ReactNode {
  const { titles, progress } = useServices();
  const load = useCallback(
    async (signal: AbortSignal): Promise<Detail> => {
      const [title, reached] = await Promise.all([
        titles.one(titleId, signal),
        progress.of(titleId, signal).catch(() => null),
      ]);
      return { title, progress: reached };
    },
    [titles, progress, titleId],
  );
  const detail = useLoaded(`title ${titleId}`, load);
  useDocumentTitle(detail.status === "ready" ? detail.value.title.name : "Title");

  return (
    <div className="cinema">
      <SiteHeader />
      <main id="main" className="title-page" tabIndex={-1} aria-busy={detail.status === "loading"}>
        {detail.status === "loading" && <Spinner label="Loading the title" fills />}
        {detail.status === "failed" && <Refusal error={detail.error} retry={detail.retry} titleId={titleId} />}
        {detail.status === "ready" && <TitleDetail {...detail.value} />}
      </main>
    </div>
  );
}

function TitleDetail({ title, progress }: Detail): ReactNode {
  const underWay = progress !== null && isUnderWay(progress) ? progress : null;
  useEffect(offerFirstAction, []);
  return (
    <article className="detail" onPointerEnter={prefetchPlayer}>
      <Backdrop url={title.posterUrl} />
      <div className="detail-text">
        {title.episodeOf !== null && (
          <p className="detail-facts">
            <Link to={titlePath(title.episodeOf.seriesId)}>
              <bdi>{title.episodeOf.series}</bdi>
            </Link>
            {` · ${episodeNumber(title.episodeOf)}`}
          </p>
        )}
        <Name>{title.name}</Name>
        <p className="detail-facts">
          {runningTime(title.durationSeconds)}
          {title.maturity === 0 ? " · For all ages" : ` · From ${title.maturity}`}
        </p>
        {underWay !== null && (
          <div className="detail-progress">
            <ProgressBar reached={underWay} />
            <span>
              {clockTime(underWay.positionSeconds)} of {clockTime(underWay.durationSeconds)}
            </span>
          </div>
        )}
        <div className="detail-actions">
          <Link
            to={watchPath(title.titleId)}
            className="button button-primary"
            data-first-action
            onFocus={prefetchPlayer}
          >
            <PlayIcon />
            {underWay === null ? "Play" : "Resume"}
          </Link>
          {underWay !== null && (
            <Link to={watchPath(title.titleId, { fromStart: true })} className="button">
              Start over
            </Link>
          )}
          <KeepButton titleId={title.titleId} />
        </div>
      </div>
    </article>
  );
}

/** A title's name, as large as its length allows. */
export function Name({ children }: { readonly children: string }): ReactNode {
  return (
    <h1 dir="auto" data-is-long={children.length > LONG_NAME_CHARACTERS}>
      {children}
    </h1>
  );
}

export function Backdrop({ url }: { readonly url: string | null }): ReactNode {
  const [isMissing, setMissing] = useState(url === null);
  if (isMissing || url === null) return <div className="backdrop" />;
  return (
    <div className="backdrop">
      <img src={url} alt="" onError={() => setMissing(true)} />
    </div>
  );
}

export function Refusal({
  error,
  retry,
  titleId,
}: {
  readonly error: unknown;
  readonly retry: () => void;
  /** Where it can be played. */
  readonly titleId?: string;
}): ReactNode {
  const isFinal = error instanceof ApiError && problemWords(error.code)?.isFinal === true;
  if (!isFinal) return <LoadFailure error={error} retry={retry} />;
  const isGone = error.status === 404;
  const takesPin = error.code === "pin_required" && titleId !== undefined;
  return (
    <MessageBlock
      title={isGone ? "This title is not available" : error.title}
      detail={isGone ? "It may have left Marquee, or the link may be mistyped." : error.message}
      heading="h1"
    >
      {takesPin && (
        <Link to={watchPath(titleId)} className="button button-primary">
          Enter the PIN
        </Link>
      )}
      <Link to="/" className={takesPin ? "button" : "button button-primary"}>
        Back to titles
      </Link>
    </MessageBlock>
  );
}
