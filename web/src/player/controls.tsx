/** The bar of controls. Their names are what a viewer's screen reader says, and what tests look for. */
import type { ReactNode } from "react";
import {
  CaptionsIcon,
  FullScreenIcon,
  LeaveFullScreenIcon,
  MutedIcon,
  PauseIcon,
  PlayIcon,
  QualityIcon,
  ReplayIcon,
  SkipBackIcon,
  SkipForwardIcon,
  VolumeIcon,
} from "../ui/icons";
import { captionOptions } from "./captions";
import { ChoiceMenu } from "./choice-menu";
import { SKIP_SECONDS } from "./keyboard";
import type { Playback, PlaybackView } from "./playback";
import { qualityOptions } from "./quality";
import { leaveFocusAfterwards } from "./pointer-focus";
import { SeekBar } from "./seek-bar";
import type { FullScreen } from "./use-full-screen";

/** Has the focus first when a person comes to the controls. */
export const MAIN_CONTROL = "control-main";

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
        storyboard={view.storyboard}
        onSeek={(seconds) => playback.seekTo(seconds)}
      />
      <div className="player-buttons">
        <ControlButton
          name={isRunning ? "Pause" : "Play"}
          className={MAIN_CONTROL}
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
        {view.captions.length > 0 && (
          <ChoiceMenu
            name="Captions"
            icon={<CaptionsIcon />}
            isDisabled={false}
            options={captionOptions(view.captions, view.chosenCaptions)}
            onChoose={(choice) => playback.chooseCaptions(choice)}
          />
        )}
        <ChoiceMenu
          name="Quality"
          icon={<QualityIcon />}
          isDisabled={view.heights.length === 0}
          options={qualityOptions(view.heights, view.chosenHeight, view.height)}
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
        data-passed-by-arrows
        min={0}
        max={1}
        step={0.05}
        value={heard}
        style={{ "--filled": `${heard * 100}%` }}
        onPointerDown={leaveFocusAfterwards}
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
