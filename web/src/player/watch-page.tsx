/** The watch page, in a chunk of its own: a playback for as long as the page is shown. */
import { type ReactNode, useState } from "react";
import { useServices } from "../services";
import { Playback } from "./playback";
import { Player } from "./player";

interface Props {
  readonly titleId: string;
  readonly fromStart: boolean;
}

export default function WatchPage({ titleId, fromStart }: Props): ReactNode {
  const { playback: api, progress, session } = useServices();
  const [playback] = useState(
    () =>
      new Playback(titleId, fromStart, {
        playback: api,
        progress,
        keepFresh: () => session.keepFresh(),
      }),
  );
  return <Player playback={playback} />;
}
