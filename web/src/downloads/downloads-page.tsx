/** Titles kept on this device: watched without the network, renewed, removed. */
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Playback } from "../player/playback";
import { Player } from "../player/player";
import { navigate } from "../routing";
import { useServices, useSessionStatus } from "../services";
import { errorWords } from "../ui/error-words";
import { useDocumentTitle } from "../ui/document-title";
import { Link } from "../ui/link";
import { Spinner } from "../ui/spinner";
import { Wordmark } from "../ui/wordmark";
import type { Downloads, Listed } from "./downloads";
import { keptPlays } from "./kept-plays";
import { keepAppOffline } from "./offline-app";
import { endWords, sizeWords } from "./words";
import "./downloads.css";

/** `watched` is the download that is played; null shows the list. */
export default function DownloadsPage({ watched }: { readonly watched: string | null }): ReactNode {
  const { downloads: load } = useServices();
  const [downloads, setDownloads] = useState<Downloads | null>(null);
  useEffect(() => {
    void load().then(setDownloads);
  }, [load]);
  if (downloads === null) return <Spinner label="Opening your downloads" fills />;
  if (watched === null) return <List downloads={downloads} />;
  return <Watch key={watched} downloads={downloads} downloadId={watched} />;
}

function Watch({
  downloads,
  downloadId,
}: {
  readonly downloads: Downloads;
  readonly downloadId: string;
}): ReactNode {
  const { outbox, progress } = useServices();
  const playback = useMemo(
    () => new Playback(downloadId, false, keptPlays(downloads, downloadId, { outbox, progress })),
    [downloads, downloadId, outbox, progress],
  );
  useEffect(() => () => playback.leave(), [playback]);
  return <Player playback={playback} onBack={() => navigate("/downloads", { replace: true })} />;
}

function List({ downloads }: { readonly downloads: Downloads }): ReactNode {
  const isSignedIn = useSessionStatus() === "signed-in";
  const [listed, setListed] = useState<readonly Listed[] | null>(null);
  const [said, say] = useState("");
  const [fault, setFault] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  useDocumentTitle("Downloads");

  const load = useCallback(async () => setListed(await downloads.list()), [downloads]);
  useEffect(() => {
    const told = isSignedIn ? downloads.sync().catch(() => undefined) : Promise.resolve();
    // What is kept of the app may be older than the app.
    void told
      .then(async () => (await downloads.list()).length > 0 && keepAppOffline())
      .catch(() => undefined);
    void load();
    void told.then(load);
  }, [downloads, isSignedIn, load]);

  const run = async (act: () => Promise<void>, done: string): Promise<void> => {
    setFault("");
    try {
      await act();
      say(done);
    } catch (error) {
      setFault(errorWords(error));
    }
    await load();
    heading.current?.focus();
  };
  const remove = ({ downloadId }: Listed): Promise<void> => downloads.remove(downloadId);

  return (
    <>
      <header className="site-header">
        <Link to="/" className="wordmark-link" aria-label="Marquee, home">
          <Wordmark />
        </Link>
      </header>
      <main id="main" className="downloads" tabIndex={-1} aria-busy={listed === null}>
        <h1 ref={heading} tabIndex={-1}>
          Downloads
        </h1>
        <p className="visually-hidden" role="status">
          {said}
        </p>
        {fault !== "" && (
          <p className="downloads-fault" role="alert">
            {fault}
          </p>
        )}
        {listed?.length === 0 && (
          <p className="downloads-none">
            Nothing is kept on this device. A title’s page offers to download it.
          </p>
        )}
        <ul className="downloads-list">
          {listed?.map((title) => (
            <li key={title.downloadId} className="download" data-testid="download">
              <h2>
                <bdi>{title.name}</bdi>
              </h2>
              <p className="download-facts">
                {endWords(title, Date.now())} · {sizeWords(title.bytes)}
              </p>
              <div className="download-actions">
                <Link
                  to={`/downloads/${encodeURIComponent(title.downloadId)}`}
                  className="button button-primary"
                  aria-label={`Play ${title.name}`}
                >
                  Play
                </Link>
                {isSignedIn && (
                  <button
                    className="button"
                    type="button"
                    aria-label={`Renew ${title.name}`}
                    onClick={() =>
                      void run(() => downloads.renew(title.downloadId), `${title.name} was renewed.`)
                    }
                  >
                    Renew
                  </button>
                )}
                <button
                  className="button"
                  type="button"
                  aria-label={`Remove ${title.name}`}
                  onClick={() => void run(() => remove(title), `${title.name} was removed.`)}
                >
                  Remove
                </button>
              </div>
            </li>
          ))}
        </ul>
      </main>
    </>
  );
}
