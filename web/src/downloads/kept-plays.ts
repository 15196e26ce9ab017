/** Plays a kept title as the player plays any other: the answers come from this device. */
import type { Reached } from "../api/progress";
import type { PlaybackDependencies } from "../player/playback";
import type { Downloads } from "./downloads";

export function keptPlays(downloads: Downloads, downloadId: string): PlaybackDependencies {
  const keep = (_play: unknown, reached: Reached): void =>
    void downloads.keepPlace(downloadId, reached).catch(() => undefined);
  return {
    playback: {
      start: () => downloads.start(downloadId),
      end: () => undefined,
      ending: async () => null,
      storyboard: async () => null,
    },
    progress: { of: () => downloads.reached(downloadId) },
    // Told to the service when it is back in reach: see Downloads.sync.
    outbox: { tell: keep, tellWhileLeaving: keep, mark: keep },
    reachedHere: { tell: () => undefined },
    keepFresh: () => () => undefined,
  };
}
