import type { ReactNode } from "react";

interface Props {
  /** What is being waited for, for a screen reader. */
  readonly label: string;
  /** Takes the whole window, in its middle. */
  readonly fills?: boolean;
}

export function Spinner({ label, fills = false }: Props): ReactNode {
  return (
    <div className={fills ? "spinner-page" : undefined} role="status" aria-label={label}>
      <div className="spinner" />
    </div>
  );
}
