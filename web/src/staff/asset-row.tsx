/** One film on its way: where it stands, why it stopped, and what can be done about it. */
import { type ReactNode, useState, useSyncExternalStore } from "react";
import type { Asset, AssetDetail } from "../api/assets";
import { ApiError } from "../api/problem";
import { runningTime } from "../player/time";
import { useServices } from "../services";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { FileButton } from "../ui/file-button";
import { Meter } from "../ui/meter";
import { Spinner } from "../ui/spinner";
import { AgeRating } from "./age-rating";
import { useAnnounce } from "./announcer";
import { errorWords } from "../ui/error-words";
import type { Feed } from "./feed";
import { sendingOf } from "./sending";
import { SkipMarkers } from "./skip-markers";
import { Steps } from "./steps";
import type { Upload, UploadView } from "./upload";
import * as words from "./words";

interface Props {
  readonly asset: Asset;
  readonly detail: AssetDetail | null;
  /** What this tab does for it. */
  readonly upload: Upload | null;
  readonly feed: Feed;
  readonly isOpen: boolean;
  readonly onToggle: (isOpen: boolean) => void;
}

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

const nothing = (): (() => void) => () => undefined;
const noView = (): null => null;

export function AssetRow({ asset, detail, upload, feed, isOpen, onToggle }: Props): ReactNode {
  const view = useSyncExternalStore(upload?.subscribe ?? nothing, upload?.view ?? noView);
  const [status, tone] = words.statusOf(asset.status, view);
  const headingId = `asset-${asset.assetId}`;
  return (
    <li className="asset" data-testid="asset" data-status={asset.status} data-upload={view?.state}>
      <article aria-labelledby={headingId}>
        <AssetPoster asset={asset} />
        <div className="asset-head">
          <h3 id={headingId}>
            <bdi>{asset.name}</bdi>
          </h3>
          <p className="asset-status" data-tone={tone}>
            {status}
          </p>
          <Facts asset={asset} />
        </div>
        <div className="asset-body">
          <Moving asset={asset} view={view} />
          <Reason asset={asset} view={view} />
          <Actions asset={asset} upload={upload} view={view} feed={feed} />
          <details
            open={isOpen}
            onToggle={(event) => onToggle(event.currentTarget.open)}
            className="asset-details"
          >
            <summary>Steps</summary>
            {isOpen && detail === null && <Spinner label="Loading the steps" />}
            {isOpen && detail !== null && (
              <>
                <Steps asset={detail} />
                <Making detail={detail} feed={feed} />
              </>
            )}
          </details>
        </div>
      </article>
    </li>
  );
}

function AssetPoster({ asset }: { readonly asset: Asset }): ReactNode {
  const [missing, setMissing] = useState<string | null>(null);
  const url = asset.posterUrl;
  return (
    <div className="asset-poster" aria-hidden="true">
      {url !== null && url !== missing && (
        <img src={url} alt="" loading="lazy" decoding="async" onError={() => setMissing(url)} />
      )}
    </div>
  );
}

function Facts({ asset }: { readonly asset: Asset }): ReactNode {
  return (
    <ul className="asset-facts">
      <li>
        <bdi>{asset.fileName}</bdi>
      </li>
      <li>{words.size(asset.sizeBytes)}</li>
      {asset.durationSeconds !== null && <li>{runningTime(asset.durationSeconds)}</li>}
      {asset.heights.length > 0 && <li>{words.renditions(asset.heights)}</li>}
      <li>
        <time dateTime={asset.createdAt.toISOString()}>{DATE.format(asset.createdAt)}</time>
      </li>
    </ul>
  );
}

/** What else is known once the asset itself was asked. */
function Making({
  detail,
  feed,
}: Pick<Props, "feed"> & { readonly detail: AssetDetail }): ReactNode {
  return (
    <dl className="asset-making">
      <div>
        <dt>Encryption</dt>
        <dd>{detail.scheme}</dd>
      </div>
      <div>
        <dt>Age rating</dt>
        <dd>
          <AgeRating detail={detail} feed={feed} />
        </dd>
      </div>
      {detail.status === "ready" && (
        <div>
          <dt>Skipping</dt>
          <dd>
            <SkipMarkers assetId={detail.assetId} name={detail.name} />
          </dd>
        </div>
      )}
      <div>
        <dt>Captions</dt>
        <dd>
          {detail.captions.length === 0
            ? "none"
            : detail.captions.map((track) => (
                <bdi key={track.language}>
                  {track.label} ({track.language}){" "}
                </bdi>
              ))}
        </dd>
      </div>
      <div>
        <dt>Id</dt>
        <dd>{detail.assetId}</dd>
      </div>
    </dl>
  );
}

/** How far the upload or the transcode is. */
function Moving({
  asset,
  view,
}: {
  readonly asset: Asset;
  readonly view: UploadView | null;
}): ReactNode {
  if (asset.status === "processing") {
    const percent = asset.progressPercent;
    return (
      <div className="moving">
        <Meter label="Transcode" percent={percent} />
        <p>{percent === null ? "Working on it" : `Transcoded: ${percent} %`}</p>
      </div>
    );
  }
  if (asset.status !== "uploading" || view === null) return null;
  const sent = words.percent(view.sentBytes, view.sizeBytes);
  const isUnknown = view.state === "checking" || view.state === "finishing";
  return (
    <div className="moving">
      <Meter label="Upload" percent={isUnknown ? null : sent} />
      <p>
        {view.state === "checking"
          ? "Comparing the file with what is there already"
          : [
              `${sent} %`,
              `${words.size(view.sentBytes)} of ${words.size(view.sizeBytes)}`,
              view.bytesPerSecond === null ? "" : `${words.size(view.bytesPerSecond)}/s`,
              view.secondsLeft === null ? "" : words.left(view.secondsLeft),
            ]
              .filter((part) => part !== "")
              .join(" · ")}
      </p>
    </div>
  );
}

/** Why it does not move, and what to do. */
function Reason({
  asset,
  view,
}: {
  readonly asset: Asset;
  readonly view: UploadView | null;
}): ReactNode {
  if (asset.failure !== null) {
    return (
      <div className="reason" data-testid="reason">
        <p>
          <bdi>{asset.failure.message}</bdi>
        </p>
        <p>
          <bdi>{asset.failure.whatToDo}</bdi>
        </p>
      </div>
    );
  }
  if (asset.status !== "uploading") return null;
  if (view === null) {
    return (
      <p className="reason" data-testid="reason">
        This browser is not sending it. Choose the same file again to continue where it stopped, or
        cancel it.
      </p>
    );
  }
  if (view.state === "offline") {
    return (
      <p className="reason" data-testid="reason">
        This machine has no network. The upload continues by itself when it is back.
      </p>
    );
  }
  if (view.problem === null) return null;
  return (
    <p className="reason" role="alert" data-testid="reason">
      {view.problem}
    </p>
  );
}

type Asked = "cancel" | "delete";

function Actions({
  asset,
  upload,
  view,
  feed,
}: Pick<Props, "asset" | "upload" | "feed"> & { readonly view: UploadView | null }): ReactNode {
  const services = useServices();
  const announce = useAnnounce();
  const sending = sendingOf(services);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { assetId, name, status } = asset;

  const act = (what: string, run: () => Promise<void>): void => {
    if (busy !== null) return;
    setBusy(what);
    setProblem(null);
    run()
      .catch((error: unknown) => {
        setProblem(errorWords(error));
        // Whatever clashed was done by somebody else, or is over: show how it is now.
        feed.refresh();
      })
      .finally(() => {
        setBusy(null);
        setAsked(null);
      });
  };

  const cancel = (): void =>
    act("cancel", async () => {
      sending.forget(assetId);
      feed.learn(await services.assets.cancel(assetId));
      announce(`${name} is cancelled.`);
    });
  const retry = (): void =>
    act("retry", async () => {
      feed.learn(await services.assets.retry(assetId));
      announce(`${name} is tried again.`);
    });
  const remove = (): void =>
    act("delete", async () => {
      try {
        await services.assets.remove(assetId);
      } catch (error) {
        // Somebody else was quicker: it is gone, as was wished.
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      }
      announce(`${name} is deleted.`);
      document.getElementById("films")?.focus();
      feed.forget(assetId);
    });

  const isUploading = status === "uploading";
  const mayContinue = view?.state === "paused" || view?.state === "stopped";
  const needsFile = isUploading && (view === null || view.state === "wrong-file");
  const about = { "aria-describedby": `asset-${assetId}` };
  return (
    <>
      {problem !== null && (
        <p className="fault" role="alert">
          {problem}
        </p>
      )}
      <div className="asset-actions">
        {isUploading && upload?.isUnderWay === true && (
          <button className="button" type="button" onClick={() => upload.pause()} {...about}>
            Pause
          </button>
        )}
        {isUploading && mayContinue && (
          <button
            className="button button-primary"
            type="button"
            onClick={() => upload?.start()}
            {...about}
          >
            Continue
          </button>
        )}
        {needsFile && (
          <FileButton
            className="button button-primary"
            accept="video/*,*/*"
            onFile={(file) => sending.resume(assetId, name, file)}
            describedBy={`asset-${assetId}`}
          >
            Choose the file to continue
          </FileButton>
        )}
        {words.mayBeRetried(asset) && (
          <button
            className="button button-primary"
            type="button"
            aria-busy={busy === "retry"}
            onClick={retry}
            {...about}
          >
            Try again
          </button>
        )}
        {words.isUnderWay(asset) ? (
          <button className="button" type="button" onClick={() => setAsked("cancel")} {...about}>
            {isUploading ? "Cancel upload" : "Cancel"}
          </button>
        ) : (
          <button className="button" type="button" onClick={() => setAsked("delete")} {...about}>
            Delete
          </button>
        )}
      </div>
      {asked === "delete" && !words.isUnderWay(asset) && (
        <ConfirmDialog
          title="Delete this film?"
          act="Delete"
          keep="Keep it"
          isBusy={busy === "delete"}
          onAct={remove}
          onKeep={() => setAsked(null)}
        >
          <p>
            <bdi>{name}</bdi>
          </p>
          <p>{whatGoes(asset)}</p>
        </ConfirmDialog>
      )}
      {asked === "cancel" && words.isUnderWay(asset) && (
        <ConfirmDialog
          title={isUploading ? "Cancel this upload?" : "Cancel this film?"}
          act={isUploading ? "Cancel upload" : "Cancel it"}
          keep="Keep it"
          isBusy={busy === "cancel"}
          onAct={cancel}
          onKeep={() => setAsked(null)}
        >
          <p>
            <bdi>{name}</bdi>
          </p>
          <p>
            {isUploading
              ? "What was sent so far is thrown away. The file would have to be uploaded anew."
              : "The work stops and nothing is published. The file stays, so it can be tried again."}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

function whatGoes(asset: Asset): string {
  if (asset.status === "ready") {
    return (
      `Members cannot find or watch it any more. Its renditions (${words.renditions(asset.heights)}), ` +
      "poster, captions and the uploaded file go with it. This cannot be undone here."
    );
  }
  return (
    "This entry goes, with the uploaded file and whatever was made of it. Members never saw it. " +
    "This cannot be undone here."
  );
}
