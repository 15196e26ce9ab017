/** What there is to watch: what is under way first, then everything. */
import { type ReactNode, useCallback } from "react";
import type { Progress } from "../api/progress";
import { isSeries, type Listed, type Title } from "../api/titles";
import { useLoaded } from "../api/use-loaded";
import { isUnderWay } from "../player/resume";
import { useServices } from "../services";
import { useDocumentTitle } from "../ui/document-title";
import { LoadFailure } from "./load-failure";
import { SeriesCard } from "./series-card";
import { SiteHeader } from "./site-header";
import { TitleCard } from "./title-card";
import "./catalog.css";

interface Home {
  readonly titles: readonly Listed[];
  readonly progress: ReadonlyMap<string, Progress>;
}

/** New titles appear to whoever is looking; often enough for the few a day that there are. */
const AGAIN_EVERY_MS = 30_000;

const PLACEHOLDERS = ["a", "b", "c", "d", "e", "f"];

export function HomePage(): ReactNode {
  const { titles, progress } = useServices();
  useDocumentTitle(null);
  const load = useCallback(
    async (signal: AbortSignal): Promise<Home> => {
      const [all, reached] = await Promise.all([
        titles.all(signal),
        // Places are a comfort: without them the titles can still be watched.
        progress.all(signal).catch(() => new Map<string, Progress>()),
      ]);
      return { titles: all, progress: reached };
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

function Rows({ titles, progress }: Home): ReactNode {
  if (titles.length === 0) {
    return (
      <section className="message">
        <h2>Nothing to watch yet</h2>
        <p>New titles appear here as soon as they are ready.</p>
      </section>
    );
  }
  const playable = titles.filter((one): one is Title => !isSeries(one));
  const underWay = playable.filter(({ titleId }) => {
    const reached = progress.get(titleId);
    return reached !== undefined && isUnderWay(reached);
  });
  return (
    <>
      {underWay.length > 0 && (
        <section aria-labelledby="continue">
          <h2 id="continue">Continue watching</h2>
          <ul className="grid">
            {underWay.map((title) => (
              <TitleCard
                key={title.titleId}
                title={title}
                progress={progress.get(title.titleId)}
                resumes
              />
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="all">
        <h2 id="all">All titles</h2>
        <ul className="grid">
          {titles.map((one) => (
            <Card key={isSeries(one) ? one.seriesId : one.titleId} one={one} progress={progress} />
          ))}
        </ul>
      </section>
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
