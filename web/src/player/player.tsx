/** The player's picture, controls, and what is said over them. */
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Stream } from "../api/playback";
import { useDocumentTitle } from "../ui/document-title";
import { BackIcon, PlayIcon } from "../ui/icons";
import { Link } from "../ui/link";
import { MessageBlock } from "../ui/message";
import { Spinner } from "../ui/spinner";
import { Controls } from "./controls";
import { fullName } from "./episodes";
import type { Failure } from "./failure";
import { NextEpisode } from "./next-episode";
import { pictureOrPatience } from "./picture-first";
import { PinEntry } from "./pin-entry";
import type { Playback } from "./playback";
import { SkipIntro } from "./skip-intro";
import { areCreditsAt, introAt, storyLeft } from "./skipping";
import { StreamList } from "./stream-list";
import { ShortcutsHelp } from "./shortcuts-help";
import { useControlsShown } from "./use-controls-shown";
import { useFullScreen } from "./use-full-screen";
import { usePlayerKeys } from "./use-player-keys";
import "./player.css";

interface Props {
  readonly playback: Playback;
  readonly onBack: () => void;
}

export function Player({ playback, onBack }: Props): ReactNode {
  const view = useSyncExternalStore(playback.subscribe, playback.view);
  const frame = useRef<HTMLDivElement>(null);
  const screen = useRef<HTMLDivElement>(null);
  const fullScreen = useFullScreen(frame, playback.screen.video);
  const controls = useControlsShown(view.state === "playing");
  const [isHelpOpen, setHelpOpen] = useState(false);
  const name = view.name === null ? null : fullName(view.name, view.episodeOf);
  const isShown = view.state === "playing" || view.state === "paused" || view.state === "buffering";
  const intro = isShown ? introAt(view.markers, view.positionSeconds) : null;
  useDocumentTitle(name ?? "Watch");

  // A screen for each title: an engine lets go of its own in its own time.
  useLayoutEffect(() => {
    screen.current?.replaceChildren(playback.screen.video, playback.screen.captions);
    playback.begin();
    return () => playback.leave();
  }, [playback]);

  const hasControls = useAfterPicture(playback);
  usePlayerKeys({ playback, frame, controls, fullScreen, setHelpOpen, onBack });

  // Whatever went away with the focus, keys and screen reader go on from the player.
  useEffect(() => {
    if (document.activeElement === document.body) frame.current?.focus({ preventScroll: true });
  }, [view.failure, isHelpOpen, intro]);

  const isWaiting = view.state === "loading" || view.state === "buffering";
  return (
    <main
      id="main"
      ref={frame}
      className="player cinema"
      tabIndex={-1}
      data-testid="player"
      data-state={view.state}
      data-height={view.height}
      data-error-code={view.failure?.code}
      data-controls={controls.areShown ? "shown" : "hidden"}
      {...controls.handlers}
    >
      <h1 className="visually-hidden">{name ?? "Player"}</h1>
      <div
        ref={screen}
        className="player-screen"
        onClick={controls.onPictureClick(() => playback.togglePlay())}
        onDoubleClick={controls.onPictureDoubleClick(fullScreen.toggle)}
      />
      {isWaiting && (
        <div className="player-middle">
          <Spinner label={view.state === "loading" ? "Loading" : "Buffering"} />
        </div>
      )}
      {view.state === "paused" && (
        <div className="player-middle player-paused" aria-hidden="true">
          <PlayIcon />
        </div>
      )}
      {view.failure !== null && (
        <FailureNotice
          failure={view.failure}
          titleId={playback.titleId}
          onTryAgain={() => playback.tryAgain()}
          onTakeOver={(stream) => playback.takeOver(stream.sessionId)}
        />
      )}
      <p className="player-notice" role="status">
        {view.haveCaptionsFailed && "The captions could not be loaded. Choose them again to retry."}
      </p>
      <header className="player-top">
        <button className="control" type="button" aria-label="Back" title="Back" onClick={onBack}>
          <BackIcon />
        </button>
        <span className="player-name" dir="auto">{name}</span>
      </header>
      {view.failure === null && hasControls && (
        <Controls playback={playback} view={view} fullScreen={fullScreen} />
      )}
      {intro !== null && <SkipIntro onSkip={() => playback.seekTo(intro.endsAtSeconds)} />}
      {view.episodeOf !== null && (
        <NextEpisode
          key={playback.titleId}
          titleId={playback.titleId}
          episodeOf={view.episodeOf}
          storyLeftSeconds={storyLeft(view.markers, view)}
          areCreditsRunning={isShown && areCreditsAt(view.markers, view.positionSeconds)}
          isPaused={view.state === "paused"}
          hasEnded={view.state === "ended"}
          onDeclined={() => frame.current?.focus({ preventScroll: true })}
        />
      )}
      {isHelpOpen && <ShortcutsHelp onClose={() => setHelpOpen(false)} />}
    </main>
  );
}

/** Whether it is time to draw what stands around the picture. */
function useAfterPicture(playback: Playback): boolean {
  const [hasWaited, setWaited] = useState(false);
  useEffect(() => {
    let isShown = true;
    void pictureOrPatience(playback).then(() => isShown && setWaited(true));
    return () => {
      isShown = false;
    };
  }, [playback]);
  // From one episode to the next the controls stay.
  return hasWaited;
}

function FailureNotice({
  failure,
  titleId,
  onTryAgain,
  onTakeOver,
}: {
  readonly failure: Failure;
  readonly titleId: string;
  readonly onTryAgain: () => void;
  readonly onTakeOver: (stream: Stream) => void;
}): ReactNode {
  const takesPin = failure.code === "pin_required";
  return (
    <div className="player-failure">
      <MessageBlock
        title={failure.title}
        detail={failure.detail}
        more={
          failure.streams !== undefined && (
            <StreamList streams={failure.streams} onTakeOver={onTakeOver} />
          )
        }
      >
        {failure.canRetry && (
          <button className="button button-primary" type="button" autoFocus onClick={onTryAgain}>
            Try again
          </button>
        )}
        {failure.code === "device_limit" && (
          <Link to="/devices" className="button">
            Your devices
          </Link>
        )}
        {takesPin && <PinEntry titleId={titleId} onOpened={onTryAgain} />}
        <Link
          to="/"
          className={failure.canRetry || takesPin ? "button" : "button button-primary"}
          autoFocus={!failure.canRetry && !takesPin}
        >
          Back to titles
        </Link>
      </MessageBlock>
      <p className="player-failure-code">
        Code {failure.code}
        {failure.reference !== undefined && ` · Reference ${failure.reference}`}
      </p>
    </div>
  );
}
