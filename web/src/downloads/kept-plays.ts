/** Plays a kept title as the player plays any other: the answers come from this device. */
import type { Progress, ProgressApi, Reached } from "../api/progress";
import type { PlaybackDependencies } from "../player/playback";
import type { Downloads } from "./downloads";

/** A picture that is here does not wait longer for a place that may be elsewhere. */
const ELSEWHERE_MS = 2_000;

/** `outbox` keeps beacons while the network is away, and sends them when it is back. */
export function keptPlays(
  downloads: Downloads,
  downloadId: string,
  { outbox, progress }: Pick<PlaybackDependencies, "outbox"> & { readonly progress: Asked },
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
    progress: {
      of: async (_, signal) => {
        const [here, elsewhere] = await Promise.all([
          downloads.reached(downloadId),
          placeElsewhere(downloads, downloadId, progress, signal),
        ]);
        if (here === null || elsewhere === null) return here ?? elsewhere;
        return here.recordedAt < elsewhere.recordedAt ? elsewhere : here;
      },
    },
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

type Asked = Pick<ProgressApi, "of">;

/** Where the profile is by the service, if that can be asked: the latest place is the one to go on at. */
async function placeElsewhere(
  downloads: Downloads,
  downloadId: string,
  progress: Asked,
  signal?: AbortSignal,
): Promise<Progress | null> {
  const titleId = await downloads.titleId(downloadId);
  if (titleId === null) return null;
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), ELSEWHERE_MS));
  return Promise.race([progress.of(titleId, signal).catch(() => null), late]);
}
