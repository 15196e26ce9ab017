/** Where the film is, and moving to another place: by mouse, finger and keyboard. */
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { leaveFocusAfterwards } from "./pointer-focus";
import type { Storyboard, Thumbnail } from "./storyboard";
import { clockTime, spokenTime } from "./time";

interface Props {
  readonly positionSeconds: number;
  readonly durationSeconds: number;
  readonly bufferedSeconds: number;
  readonly storyboard: Storyboard | null;
  readonly onSeek: (seconds: number) => void;
}

export function SeekBar(props: Props): ReactNode {
  const { positionSeconds, durationSeconds, bufferedSeconds, storyboard, onSeek } = props;
  const input = useRef<HTMLInputElement>(null);
  /** Where a drag is, before it is let go: only then the film moves, once. */
  const [dragged, setDragged] = useState<number | null>(null);
  const [hoverFraction, setHoverFraction] = useState<number | null>(null);
  /** The keyboard or the remote is on the bar. */
  const [hasKeys, setHasKeys] = useState(false);
  const shown = dragged ?? positionSeconds;
  const percent = (seconds: number): string =>
    `${durationSeconds > 0 ? (100 * seconds) / durationSeconds : 0}%`;

  useEffect(() => {
    const slider = input.current;
    if (slider === null) return undefined;
    // React's onChange is the "input" event; the native "change" is the end of a drag.
    const onLetGo = (): void => {
      setDragged(null);
      onSeek(slider.valueAsNumber);
    };
    slider.addEventListener("change", onLetGo);
    return () => slider.removeEventListener("change", onLetGo);
  }, [onSeek]);

  const onHover = (event: PointerEvent<HTMLElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setHoverFraction(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  };
  const moving = dragged ?? (hasKeys ? positionSeconds : null);
  const pointed = moving !== null && durationSeconds > 0 ? moving / durationSeconds : hoverFraction;

  return (
    <div className="seek">
      <span className="seek-time">{clockTime(shown)}</span>
      <div
        className="seek-track"
        onPointerMove={onHover}
        onPointerLeave={() => setHoverFraction(null)}
      >
        {pointed !== null && durationSeconds > 0 && (
          <Bubble fraction={pointed} seconds={pointed * durationSeconds} storyboard={storyboard} />
        )}
        <input
          ref={input}
          className="slider seek-slider"
          type="range"
          aria-label="Seek"
          aria-valuetext={`${spokenTime(shown)} of ${spokenTime(durationSeconds)}`}
          data-keys="seek"
          min={0}
          max={durationSeconds}
          step="any"
          value={shown}
          disabled={durationSeconds === 0}
          style={{ "--filled": percent(shown), "--buffered": percent(bufferedSeconds) }}
          onPointerDown={leaveFocusAfterwards}
          onFocus={(event) => setHasKeys(event.currentTarget.matches(":focus-visible"))}
          onBlur={() => setHasKeys(false)}
          onChange={(event) => setDragged(event.target.valueAsNumber)}
        />
      </div>
      <span className="seek-time">{clockTime(durationSeconds)}</span>
    </div>
  );
}

/** What is there: the moment's picture and time, over the place that is pointed at. */
function Bubble({
  fraction,
  seconds,
  storyboard,
}: {
  readonly fraction: number;
  readonly seconds: number;
  readonly storyboard: Storyboard | null;
}): ReactNode {
  const thumbnail = storyboard?.at(seconds) ?? null;
  return (
    <span
      className="seek-bubble"
      style={{ "--at": fraction, "--width": `${thumbnail?.width ?? 0}px` }}
      aria-hidden="true"
    >
      {thumbnail !== null && <Picture thumbnail={thumbnail} />}
      <span className="seek-bubble-time">{clockTime(seconds)}</span>
    </span>
  );
}

function Picture({ thumbnail }: { readonly thumbnail: Thumbnail }): ReactNode {
  const { url, x, y, width, height } = thumbnail;
  return (
    <span
      className="seek-picture"
      data-testid="thumbnail"
      style={{
        width,
        height,
        backgroundImage: `url("${url}")`,
        backgroundPosition: `-${x}px -${y}px`,
      }}
    />
  );
}
