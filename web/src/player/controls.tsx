/** The bar of controls. Their names are what a viewer's screen reader says, and what tests look for. */
import type { ReactNode } from "react";
import {
  FullScreenIcon,
  LeaveFullScreenIcon,
  MutedIcon,
  PauseIcon,
  PlayIcon,
  ReplayIcon,
  SkipBackIcon,
  SkipForwardIcon,
  VolumeIcon,
} from "../ui/icons";
import { SKIP_SECONDS } from "./keyboard";
import type { Playback, PlaybackView } from "./playback";
import { QualityMenu } from "./quality-menu";
import { SeekBar } from "./seek-bar";
import type { FullScreen } from "./use-full-screen";

interface Props {
  readonly playback: Playback;
  readonly view: PlaybackView;
  readonly fullScreen: FullScreen;
}

export function Controls({ playback, view, fullScreen }: Props): ReactNode {
  const isRunning = view.state === "playing" || view.state === "buffering";
  return (
    <div className="player-controls">
      <SeekBar
        positionSeconds={view.positionSeconds}
        durationSeconds={view.durationSeconds}
        bufferedSeconds={view.bufferedSeconds}
        onSeek={(seconds) => playback.seekTo(seconds)}
      />
      <div className="player-buttons">
        <ControlButton
          name={isRunning ? "Pause" : "Play"}
          className="control-main"
          onPress={() => playback.togglePlay()}
        >
          <PlayPauseIcon isRunning={isRunning} hasEnded={view.state === "ended"} />
        </ControlButton>
        <ControlButton
          name={`Back ${SKIP_SECONDS} seconds`}
          onPress={() => playback.seekBy(-SKIP_SECONDS)}
        >
          <SkipBackIcon />
        </ControlButton>
        <ControlButton
          name={`Forward ${SKIP_SECONDS} seconds`}
          onPress={() => playback.seekBy(SKIP_SECONDS)}
        >
          <SkipForwardIcon />
        </ControlButton>
        <VolumeControl playback={playback} view={view} />
        <span className="player-space" />
        <QualityMenu
          heights={view.heights}
          chosen={view.chosenHeight}
          shown={view.height}
          onChoose={(choice) => playback.chooseHeight(choice)}
        />
        <ControlButton
          name={fullScreen.isOn ? "Leave full screen" : "Full screen"}
          onPress={fullScreen.toggle}
        >
          {fullScreen.isOn ? <LeaveFullScreenIcon /> : <FullScreenIcon />}
        </ControlButton>
      </div>
    </div>
  );
}

function PlayPauseIcon({
  isRunning,
  hasEnded,
}: {
  readonly isRunning: boolean;
  readonly hasEnded: boolean;
}): ReactNode {
  if (isRunning) return <PauseIcon />;
  return hasEnded ? <ReplayIcon /> : <PlayIcon />;
}

function VolumeControl({ playback, view }: Omit<Props, "fullScreen">): ReactNode {
  const heard = view.isMuted ? 0 : view.volume;
  return (
    <div className="volume">
      <ControlButton name={heard === 0 ? "Unmute" : "Mute"} onPress={() => playback.toggleMute()}>
        {heard === 0 ? <MutedIcon /> : <VolumeIcon />}
      </ControlButton>
      <input
        className="slider volume-slider"
        type="range"
        aria-label="Volume"
        aria-valuetext={`${Math.round(heard * 100)} percent`}
        data-keys="volume"
        min={0}
        max={1}
        step={0.05}
        value={heard}
        style={{ "--filled": `${heard * 100}%` }}
        onChange={(event) => playback.setVolume(event.target.valueAsNumber)}
      />
    </div>
  );
}

function ControlButton({
  name,
  className = "",
  onPress,
  children,
}: {
  readonly name: string;
  readonly className?: string;
  readonly onPress: () => void;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <button
      className={`control ${className}`}
      type="button"
      aria-label={name}
      title={name}
      // A mouse leaves the focus where it is, so that the space bar still plays and pauses.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onPress}
    >
      {children}
    </button>
  );
}
