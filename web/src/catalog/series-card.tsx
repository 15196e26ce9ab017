import type { ReactNode } from "react";
import type { Series } from "../api/titles";
import { titlePath } from "../routing";
import { Link } from "../ui/link";
import { Poster } from "./poster";

/** A series among the titles: one card, however many episodes. */
export function SeriesCard({ series }: { readonly series: Series }): ReactNode {
  return (
    <li className="card" data-focus-box>
      <span className="card-picture">
        <Poster title={series} />
      </span>
      <Link to={titlePath(series.seriesId)} className="card-link">
        <bdi>{series.name}</bdi>
      </Link>
      <span className="card-note">{seriesSize(series)}</span>
    </li>
  );
}

/** "3 episodes", "2 seasons · 16 episodes". */
export function seriesSize({ seasonCount, episodeCount }: Series): string {
  const episodes = `${episodeCount} ${episodeCount === 1 ? "episode" : "episodes"}`;
  return seasonCount > 1 ? `${seasonCount} seasons · ${episodes}` : episodes;
}
