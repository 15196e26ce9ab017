/** Every film, newest first, as it is now. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Asset } from "../api/assets";
import { ConnectionError } from "../api/problem";
import { LoadFailure } from "../catalog/load-failure";
import { useAnnounce } from "./announcer";
import { AssetRow } from "./asset-row";
import { errorWords } from "../ui/error-words";
import type { Feed, FeedView } from "./feed";
import type { Upload } from "./upload";
import * as words from "./words";

/** So many films under way are opened by themselves; each costs a question every two seconds. */
const OPENED_AT_MOST = 3;

interface Props {
  readonly feed: Feed;
  readonly view: FeedView;
  readonly uploads: readonly Upload[];
}

export function AssetList({ feed, view, uploads }: Props): ReactNode {
  const [isOpen, toggle] = useOpened(feed, view.assets);
  useChangesSaid(view.assets);
  const { assets } = view;
  return (
    <section className="films" aria-labelledby="films" aria-busy={assets === null}>
      <h2 id="films" tabIndex={-1}>
        Films
      </h2>
      {assets === null && view.problem === null && <LoadingRows />}
      {assets === null && view.problem !== null && (
        <LoadFailure error={view.problem} retry={feed.refresh} />
      )}
      {assets !== null && view.problem !== null && (
        <p className="stale" role="alert">
          {view.problem instanceof ConnectionError
            ? "Marquee is out of reach, so what you see may be old."
            : errorWords(view.problem)}{" "}
          It is asked again by itself.
        </p>
      )}
      {assets !== null && assets.length === 0 && (
        <p className="empty">No film was uploaded yet. The first one appears here as it is sent.</p>
      )}
      {assets !== null && assets.length > 0 && (
        <ul className="assets">
          {assets.map((asset) => (
            <AssetRow
              key={asset.assetId}
              asset={asset}
              detail={view.details.get(asset.assetId) ?? null}
              upload={uploads.find((upload) => upload.assetId === asset.assetId) ?? null}
              feed={feed}
              isOpen={isOpen(asset.assetId)}
              onToggle={(open) => toggle(asset.assetId, open)}
            />
          ))}
        </ul>
      )}
      {view.hasMore && (
        <button className="button show-more" type="button" onClick={() => feed.more()}>
          Show more
        </button>
      )}
    </section>
  );
}

/** Which films show their steps: what somebody opened, and the newest that the pipeline works on. */
function useOpened(
  feed: Feed,
  assets: readonly Asset[] | null,
): readonly [(assetId: string) => boolean, (assetId: string, open: boolean) => void] {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const working = (assets ?? []).filter((asset) => asset.status === "processing");
  const newest = new Set(working.slice(0, OPENED_AT_MOST).map((asset) => asset.assetId));
  // Once opened by itself it stays open when it ends: its last step is what one waits for.
  const kept = useRef(new Set<string>());
  for (const assetId of newest) kept.current.add(assetId);
  const isOpen = (assetId: string): boolean => chosen.get(assetId) ?? kept.current.has(assetId);

  useEffect(() => {
    for (const asset of assets ?? []) {
      feed.follow(asset.assetId, chosen.get(asset.assetId) ?? kept.current.has(asset.assetId));
    }
  }, [feed, assets, chosen]);

  const toggle = (assetId: string, open: boolean): void => {
    if (isOpen(assetId) !== open) setChosen((before) => new Map(before).set(assetId, open));
  };
  return [isOpen, toggle];
}

/** What changed without the person's doing, for those who do not see it. */
function useChangesSaid(assets: readonly Asset[] | null): void {
  const announce = useAnnounce();
  const before = useRef<ReadonlyMap<string, string> | null>(null);
  useEffect(() => {
    if (assets === null) return;
    const known = before.current;
    const changed = assets.filter(
      (asset) => known?.has(asset.assetId) === true && known.get(asset.assetId) !== asset.status,
    );
    before.current = new Map(assets.map((asset) => [asset.assetId, asset.status]));
    if (changed.length === 0) return;
    announce(
      changed.map((asset) => `${asset.name}: ${words.statusOf(asset.status, null)[0]}.`).join(" "),
    );
  }, [assets, announce]);
}

function LoadingRows(): ReactNode {
  return (
    <div role="status" aria-label="Loading films">
      <div className="assets" aria-hidden="true">
        {["a", "b", "c"].map((name) => (
          <div key={name} className="asset asset-loading" />
        ))}
      </div>
    </div>
  );
}
