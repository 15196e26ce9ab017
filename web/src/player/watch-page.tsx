/** The watch page: shows what the address has begun. */
import type { ReactNode } from "react";
import { goBack, titlePath } from "../routing";
import { useServices } from "../services";
import { Player } from "./player";

interface Props {
  readonly titleId: string;
  readonly fromStart: boolean;
}

export function WatchPage({ titleId, fromStart }: Props): ReactNode {
  const { openings } = useServices();
  // The page stays from one episode to the next, or full screen would end with the first.
  const playback = openings.of(titleId, fromStart);
  return <Player playback={playback} onBack={() => goBack(titlePath(titleId))} />;
}
