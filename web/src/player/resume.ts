/** Where a play begins when some of the title was watched before. */
import type { Judged, Reached } from "../api/progress";

/** Seen this far, the credits are running: the next play starts over. */
const FINISHED_FRACTION = 0.9;

/** A few seconds again, so that the scene makes sense. */
const REWIND_SECONDS = 3;

/** So little was seen that starting over is simpler. */
const WORTH_RESUMING_SECONDS = 5;

export function isFinished({ positionSeconds, durationSeconds, isFinished }: Judged): boolean {
  if (isFinished !== undefined) return isFinished;
  return durationSeconds > 0 && positionSeconds >= FINISHED_FRACTION * durationSeconds;
}

/** Started and not finished: shown with a progress bar, under "Continue watching". */
export function isUnderWay(reached: Judged): boolean {
  return reached.positionSeconds >= WORTH_RESUMING_SECONDS && !isFinished(reached);
}

/** Seconds from the start; 0 when nothing is worth resuming. */
export function resumePosition(reached: Judged | null): number {
  if (reached === null || !isUnderWay(reached)) return 0;
  return Math.max(0, reached.positionSeconds - REWIND_SECONDS);
}

/** 0 … 1, for a bar. */
export function fractionSeen({ positionSeconds, durationSeconds }: Reached): number {
  return durationSeconds > 0 ? Math.min(1, Math.max(0, positionSeconds / durationSeconds)) : 0;
}
