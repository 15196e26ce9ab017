/** What is offered at a place in a title: to skip its intro, and to go on when only credits are left. */
import type { Markers, Span } from "../api/titles";

/** With so little of it left there is nothing to skip. */
const WORTH_SKIPPING_SECONDS = 1;

/** The intro that runs there; null elsewhere. */
export function introAt({ intro }: Markers, positionSeconds: number): Span | null {
  if (intro === null || positionSeconds < intro.startsAtSeconds) return null;
  return positionSeconds <= intro.endsAtSeconds - WORTH_SKIPPING_SECONDS ? intro : null;
}

/** False where nobody marked them. */
export function areCreditsAt({ creditsAtSeconds }: Markers, positionSeconds: number): boolean {
  return creditsAtSeconds !== null && positionSeconds >= creditsAtSeconds;
}

/** Until there is nothing left but credits. */
export function storyLeft(
  { creditsAtSeconds }: Markers,
  { positionSeconds, durationSeconds }: { positionSeconds: number; durationSeconds: number },
): number {
  return (creditsAtSeconds ?? durationSeconds) - positionSeconds;
}
