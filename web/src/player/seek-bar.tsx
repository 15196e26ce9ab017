/** Where the film is, and moving to another place: by mouse, finger and keyboard. */
import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { clockTime, spokenTime } from "./time";

interface Props {
  readonly positionSeconds: number;
  readonly durationSeconds: number;
  readonly bufferedSeconds: number;
  readonly onSeek: (seconds: number) => void;
}

export function SeekBar(props: Props): ReactNode {
  const { positionSeconds, durationSeconds, bufferedSeconds, onSeek } = props;
  const input = useRef<HTMLInputElement>(null);
  /** Where a drag is, before it is let go: only then the film moves, once. */
  const [dragged, setDragged] = useState<number | null>(null);
  const [hoverFraction, setHoverFraction] = useState<number | null>(null);
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
  const pointed = dragged !== null && durationSeconds > 0 ? dragged / durationSeconds : hoverFraction;

  return (
    <div className="seek">
      <span className="seek-time">{clockTime(shown)}</span>
      <div
        className="seek-track"
        onPointerMove={onHover}
        onPointerLeave={() => setHoverFraction(null)}
      >
        {pointed !== null && durationSeconds > 0 && (
          <span className="seek-bubble" style={{ left: `${pointed * 100}%` }} aria-hidden="true">
            {clockTime(pointed * durationSeconds)}
          </span>
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
          onChange={(event) => setDragged(event.target.valueAsNumber)}
        />
      </div>
      <span className="seek-time">{clockTime(durationSeconds)}</span>
    </div>
  );
}
