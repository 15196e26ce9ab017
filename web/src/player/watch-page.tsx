/** The watch page: a playback for as long as the page is shown. */
import { type ReactNode, useState } from "react";
import { goBack, titlePath } from "../routing";
import { useServices } from "../services";
import { Playback } from "./playback";
import { Player } from "./player";

interface Props {
  readonly titleId: string;
  readonly fromStart: boolean;
}

interface Watched {
  readonly key: string;
  readonly playback: Playback;
}

export function WatchPage({ titleId, fromStart }: Props): ReactNode {
  const { playback: api, progress, session } = useServices();
  const key = `${titleId} ${fromStart}`;
  const watch = (): Watched => ({
    key,
    playback: new Playback(titleId, fromStart, {
      playback: api,
      progress,
      keepFresh: () => session.keepFresh(),
    }),
  });
  const [watched, setWatched] = useState(watch);
  // The page stays from one episode to the next, or full screen would end with the first.
  if (watched.key !== key) setWatched(watch());
  return <Player playback={watched.playback} onBack={() => goBack(titlePath(titleId))} />;
}
