import type { ReactNode } from "react";

export function Wordmark(): ReactNode {
  return (
    <span className="wordmark">
      <svg viewBox="0 0 26 18" aria-hidden="true">
        <path d="M2 16V2h3.6L13 10.6 20.4 2H24v14h-4V8.2l-7 7.6-7-7.6V16z" fill="currentColor" />
      </svg>
      Marquee
    </span>
  );
}
