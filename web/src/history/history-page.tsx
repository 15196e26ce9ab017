/** What the profile has watched, by day, and the way to take it out. */
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import type { Progress } from "../api/progress";
import { isSeries, type Title } from "../api/titles";
import { LoadFailure } from "../catalog/load-failure";
import { Poster } from "../catalog/poster";
import { SiteHeader } from "../catalog/site-header";
import { episodeNumber } from "../player/episodes";
import { titlePath } from "../routing";
import { useServices } from "../services";
import { errorWords } from "../ui/error-words";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { useDocumentTitle } from "../ui/document-title";
import { Link } from "../ui/link";
import { Spinner } from "../ui/spinner";
import { byDay, reachedWords } from "./words";
import "./history.css";

interface Shown {
  readonly places: readonly Progress[];
  readonly titles: ReadonlyMap<string, Title>;
  readonly next: string | null;
}

export default function HistoryPage(): ReactNode {
  const { history, titles, reachedHere, remembered } = useServices();
  useDocumentTitle("History");
  const [shown, setShown] = useState<Shown | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [said, say] = useState("");
  const [fault, setFault] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);

  const load = useCallback(
    async (signal?: AbortSignal): Promise<void> => {
      setFailure(null);
      try {
        const [page, all] = await Promise.all([history.page(null, signal), titles.all(signal)]);
        const playable = all.filter((one): one is Title => !isSeries(one));
        const byId = new Map(playable.map((title) => [title.titleId, title]));
        setShown({ ...page, titles: byId });
      } catch (error) {
        if (signal?.aborted !== true) setFailure(error);
      }
    },
    [history, titles],
  );
  useEffect(() => {
    const leaving = new AbortController();
    void load(leaving.signal);
    return () => leaving.abort();
  }, [load]);

  /** Whether it was done; else it is said why not. */
  const tried = async (act: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    setFault("");
    try {
      await act();
      return true;
    } catch (error) {
      setFault(errorWords(error));
      return false;
    } finally {
      setBusy(false);
    }
  };

  const showMore = (before: string): Promise<boolean> =>
    tried(async () => {
      const { places, next } = await history.page(before);
      setShown((now) => now && { ...now, places: [...now.places, ...places], next });
    });

  const forgotten = (titleId: string | null, what: string): void => {
    reachedHere.forget(titleId);
    remembered.clear();
    setShown((now) => {
      if (now === null || titleId === null) return now && { ...now, places: [], next: null };
      return { ...now, places: now.places.filter((place) => place.titleId !== titleId) };
    });
    say(what);
    // What was acted on is gone from the page, and the focus with it.
    heading.current?.focus();
  };

  const remove = async (titleId: string, name: string): Promise<void> => {
    const isGone = await tried(() => history.remove(titleId));
    if (isGone) forgotten(titleId, `${name} was removed.`);
  };

  const clear = async (): Promise<void> => {
    const isGone = await tried(() => history.clear());
    setAsking(false);
    if (isGone) forgotten(null, "Your history is empty.");
  };

  return (
    <>
      <SiteHeader />
      <main id="main" className="history" tabIndex={-1} aria-busy={shown === null}>
        <h1 ref={heading} tabIndex={-1}>
          History
        </h1>
        {shown === null && failure === null && <Spinner label="Loading your history" />}
        {failure !== null && <LoadFailure error={failure} retry={() => void load()} />}
        <p className="visually-hidden" role="status">
          {said}
        </p>
        {fault !== "" && (
          <p className="history-fault" role="alert">
            {fault}
          </p>
        )}
        {shown !== null && shown.places.length === 0 && shown.next === null && <Nothing />}
        {shown !== null && shown.places.length > 0 && (
          <>
            <button className="button" type="button" onClick={() => setAsking(true)}>
              Clear history
            </button>
            <Days shown={shown} onRemove={(...what) => void remove(...what)} />
          </>
        )}
        {shown?.next != null && (
          <button
            className="button history-more"
            type="button"
            aria-busy={isBusy}
            onClick={() => void showMore(shown.next ?? "")}
          >
            Show more
          </button>
        )}
        {isAsking && (
          <ConfirmDialog
            title="Clear your history?"
            act="Clear history"
            keep="Cancel"
            isBusy={isBusy}
            onAct={() => void clear()}
            onKeep={() => setAsking(false)}
          >
            <p>
              All that this profile has watched is forgotten, on every device: nothing is resumed
              any more. It cannot be taken back.
            </p>
          </ConfirmDialog>
        )}
      </main>
    </>
  );
}

function Nothing(): ReactNode {
  return (
    <section className="message">
      <h2>Nothing watched yet</h2>
      <p>What you watch stands here, the latest first.</p>
      <div className="message-actions">
        <Link to="/" className="button button-primary">
          Back to titles
        </Link>
      </div>
    </section>
  );
}

function Days({
  shown,
  onRemove,
}: {
  readonly shown: Shown;
  readonly onRemove: (titleId: string, name: string) => void;
}): ReactNode {
  return byDay(shown.places, new Date()).map(({ name, places }, at) => (
    <section key={name} aria-labelledby={`history-day-${at}`}>
      <h2 id={`history-day-${at}`}>{name}</h2>
      <ul className="history-list">
        {places.map((place) => (
          <Row
            key={place.titleId}
            place={place}
            title={shown.titles.get(place.titleId)}
            onRemove={onRemove}
          />
        ))}
      </ul>
    </section>
  ));
}

function Row({
  place,
  title,
  onRemove,
}: {
  readonly place: Progress;
  readonly title: Title | undefined;
  readonly onRemove: (titleId: string, name: string) => void;
}): ReactNode {
  const name = title?.name ?? "A title that has left Marquee";
  return (
    <li className="history-row" data-testid="watched" data-focus-box>
      <span className="history-picture">
        <Poster title={title ?? { name: "", posterUrl: null }} />
      </span>
      <span className="history-text">
        {title === undefined ? (
          <span>{name}</span>
        ) : (
          <Link to={titlePath(title.titleId)}>
            <bdi>{name}</bdi>
          </Link>
        )}
        <span className="history-facts">
          {title?.episodeOf != null && (
            <>
              <bdi>{title.episodeOf.series}</bdi>
              {` ${episodeNumber(title.episodeOf)} · `}
            </>
          )}
          {reachedWords(place)}
        </span>
      </span>
      <button
        className="button"
        type="button"
        aria-label={`Remove ${name} from your history`}
        onClick={() => onRemove(place.titleId, name)}
      >
        Remove
      </button>
    </li>
  );
}
