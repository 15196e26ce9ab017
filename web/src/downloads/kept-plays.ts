/** Plays a kept title as the player plays any other: the answers come from this device. */
import type { Reached } from "../api/progress";
import type { PlaybackDependencies } from "../player/playback";
import type { Downloads } from "./downloads";

/** `outbox` keeps beacons while the network is away, and sends them when it is back. */
export function keptPlays(
  downloads: Downloads,
  downloadId: string,
  outbox: PlaybackDependencies["outbox"],
): PlaybackDependencies {
  const keep = (reached: Reached): void =>
    void downloads.keepPlace(downloadId, reached).catch(() => undefined);
  return {
    playback: {
      start: () => downloads.start(downloadId),
      end: () => undefined,
      ending: async () => null,
      storyboard: async () => null,
    },
    progress: { of: () => downloads.reached(downloadId) },
    outbox: {
      tell: (play, beacon) => {
        keep(beacon);
        outbox.tell(play, beacon);
      },
      tellWhileLeaving: (play, beacon) => {
        keep(beacon);
        outbox.tellWhileLeaving(play, beacon);
      },
      mark: (play, beacon) => {
        keep(beacon);
        outbox.mark(play, beacon);
      },
    },
    reachedHere: { tell: () => undefined },
    language: () => null,
  };
}
