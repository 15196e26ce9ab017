/** The player's picture, controls, and what is said over them. */
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { useDocumentTitle } from "../ui/document-title";
import { BackIcon, PlayIcon } from "../ui/icons";
import { Link } from "../ui/link";
import { MessageBlock } from "../ui/message";
import { Spinner } from "../ui/spinner";
import { Controls } from "./controls";
import type { Failure } from "./failure";
import { commandFor } from "./keyboard";
import { keyTargetOf } from "./key-target";
import type { Playback } from "./playback";
import { useControlsShown } from "./use-controls-shown";
import { useFullScreen } from "./use-full-screen";
import "./player.css";

export function Player({ playback }: { readonly playback: Playback }): ReactNode {
  const view = useSyncExternalStore(playback.subscribe, playback.view);
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const fullScreen = useFullScreen(frame, video);
  const controls = useControlsShown(view.state === "playing");
  const toggleFullScreen = fullScreen.toggle;
  const showControls = controls.show;
  useDocumentTitle(view.name ?? "Watch");

  useEffect(() => {
    if (video.current === null) return undefined;
    return playback.attach(video.current);
  }, [playback]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      showControls();
      const command = commandFor(event, keyTargetOf(event.target));
      if (command === null) return;
      event.preventDefault();
      if (command.do === "seek-by") playback.seekBy(command.seconds);
      else if (command.do === "volume-by") {
        playback.setVolume(playback.view().volume + command.fraction);
      } else if (event.repeat) return;
      else if (command.do === "toggle-play") playback.togglePlay();
      else if (command.do === "toggle-mute") playback.toggleMute();
      else toggleFullScreen();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [playback, showControls, toggleFullScreen]);

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
      <h1 className="visually-hidden">{view.name ?? "Player"}</h1>
      {/* Captions come with the manifest, as text the player adds. */}
      <video
        ref={video}
        className="player-video"
        playsInline
        onClick={controls.onPictureClick(() => playback.togglePlay())}
        onDoubleClick={controls.onPictureDoubleClick(toggleFullScreen)}
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
        <FailureNotice failure={view.failure} onTryAgain={() => playback.tryAgain()} />
      )}
      <header className="player-top">
        <Link to="/" className="control" aria-label="Back to titles">
          <BackIcon />
        </Link>
        <span className="player-name">{view.name}</span>
      </header>
      {view.failure === null && (
        <Controls playback={playback} view={view} fullScreen={fullScreen} />
      )}
    </main>
  );
}

function FailureNotice({
  failure,
  onTryAgain,
}: {
  readonly failure: Failure;
  readonly onTryAgain: () => void;
}): ReactNode {
  return (
    <div className="player-failure">
      <MessageBlock title={failure.title} detail={failure.detail}>
        <button className="button button-primary" type="button" onClick={onTryAgain}>
          Try again
        </button>
        <Link to="/" className="button">
          Back to titles
        </Link>
      </MessageBlock>
      <p className="player-failure-code">Code {failure.code}</p>
    </div>
  );
}
