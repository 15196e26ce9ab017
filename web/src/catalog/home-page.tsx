/** What there is to watch: what is under way first, then everything. */
import { type ReactNode, useCallback } from "react";
import type { Progress, Watched } from "../api/progress";
import { isSeries, type Listed, type Title } from "../api/titles";
import { useLoaded } from "../api/use-loaded";
import { useServices } from "../services";
import { useDocumentTitle } from "../ui/document-title";
import { Link } from "../ui/link";
import { LoadFailure } from "./load-failure";
import { SeriesCard } from "./series-card";
import { SiteHeader } from "./site-header";
import { TitleCard } from "./title-card";
import "./catalog.css";

interface Home {
  readonly titles: readonly Listed[];
  readonly watched: Watched;
}

const NOTHING_WATCHED: Watched = { places: new Map(), goesOnWith: [] };

/** New titles appear to whoever is looking; often enough for the few a day that there are. */
const AGAIN_EVERY_MS = 30_000;

const PLACEHOLDERS = ["a", "b", "c", "d", "e", "f"];

export function HomePage(): ReactNode {
  const { titles, progress } = useServices();
  useDocumentTitle(null);
  const load = useCallback(
    async (signal: AbortSignal): Promise<Home> => {
      const [all, watched] = await Promise.all([
        titles.all(signal),
        // Places are a comfort: without them the titles can still be watched.
        progress.watched(signal).catch(() => NOTHING_WATCHED),
      ]);
      return { titles: all, watched };
    },
    [titles, progress],
  );
  const home = useLoaded("home", load, { againEveryMs: AGAIN_EVERY_MS });

  return (
    <>
      <SiteHeader />
      <main id="main" className="home" tabIndex={-1} aria-busy={home.status === "loading"}>
        <h1 className="visually-hidden">Titles</h1>
        {home.status === "loading" && <LoadingGrid />}
        {home.status === "failed" && <LoadFailure error={home.error} retry={home.retry} />}
        {home.status === "ready" && <Rows {...home.value} />}
      </main>
    </>
  );
}

function Rows({ titles, watched }: Home): ReactNode {
  if (titles.length === 0) {
    return (
      <section className="message">
        <h2>Nothing to watch yet</h2>
        <p>New titles appear here as soon as they are ready.</p>
      </section>
    );
  }
  const playable = titles.filter((one): one is Title => !isSeries(one));
  const byId = new Map(playable.map((title) => [title.titleId, title]));
  // What the catalogue does not list here and now cannot be gone on with.
  const goesOnWith = watched.goesOnWith.filter(({ titleId }) => byId.has(titleId));
  return (
    <>
      {goesOnWith.length > 0 && (
        <section aria-labelledby="continue">
          <h2 id="continue">Continue watching</h2>
          <ul className="grid">
            {goesOnWith.map((entry) => {
              const title = byId.get(entry.titleId);
              if (title === undefined) return null;
              const progress = entry.isNext ? undefined : entry;
              return <TitleCard key={title.titleId} title={title} progress={progress} resumes />;
            })}
          </ul>
        </section>
      )}
      <section aria-labelledby="all">
        <h2 id="all">All titles</h2>
        <ul className="grid">
          {titles.map((one) => (
            <Card
              key={isSeries(one) ? one.seriesId : one.titleId}
              one={one}
              progress={watched.places}
            />
          ))}
        </ul>
      </section>
      {watched.places.size > 0 && (
        <p className="home-history">
          <Link to="/history" className="button">
            What you have watched
          </Link>
        </p>
      )}
    </>
  );
}

/** Episodes are found on the page of their series. */
function Card({
  one,
  progress,
}: {
  readonly one: Listed;
  readonly progress: ReadonlyMap<string, Progress>;
}): ReactNode {
  if (isSeries(one)) return <SeriesCard series={one} />;
  if (one.episodeOf !== null) return null;
  return <TitleCard title={one} progress={progress.get(one.titleId)} />;
}

function LoadingGrid(): ReactNode {
  return (
    <section role="status" aria-label="Loading titles">
      <div className="grid" aria-hidden="true">
        {PLACEHOLDERS.map((name) => (
          <div key={name} className="card-picture card-loading" />
        ))}
      </div>
    </section>
  );
}
