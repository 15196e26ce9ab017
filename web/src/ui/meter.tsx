import type { ReactNode } from "react";
import "./meter.css";

interface Props {
  /** What moves on, for a screen reader. */
  readonly label: string;
  /** Whole percent; null while nobody knows how far it is. */
  readonly percent: number | null;
}

/** How far something is. */
export function Meter({ label, percent }: Props): ReactNode {
  return (
    <progress
      className="meter"
      aria-label={label}
      max={100}
      {...(percent === null ? {} : { value: percent })}
    />
  );
}
