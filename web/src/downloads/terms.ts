/** How long a kept title may be watched. The app keeps to it by itself: see docs/downloads.md. */

/** What is sealed with a title's keys. Moments in epoch milliseconds, by the service's clock. */
export interface Terms {
  readonly grantedAt: number;
  /** If it is not begun before. */
  readonly expiresAt: number;
  readonly firstPlayedAt: number | null;
  /** The latest moment that this browser's clock was seen at. */
  readonly seenAt: number;
  readonly playMilliseconds: number;
}

/** A clock that is put right by so much is no attempt to gain time. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

export type Ended = "expired" | "clock";

export function endsAt({ expiresAt, firstPlayedAt, playMilliseconds }: Terms): number {
  return firstPlayedAt === null
    ? expiresAt
    : Math.min(expiresAt, firstPlayedAt + playMilliseconds);
}

/** Why it may not be watched now; null when it may. */
export function ended(terms: Terms, now: number): Ended | null {
  if (now < Math.max(terms.seenAt, terms.grantedAt) - CLOCK_TOLERANCE_MS) return "clock";
  return now >= endsAt(terms) ? "expired" : null;
}

export function seen(terms: Terms, now: number): Terms {
  return { ...terms, seenAt: Math.max(terms.seenAt, now) };
}

/** Begun, if it was not before. */
export function begun(terms: Terms, now: number): Terms {
  return seen({ ...terms, firstPlayedAt: terms.firstPlayedAt ?? now }, now);
}
