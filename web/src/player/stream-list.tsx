/** The plays that have the account's screens, each of which may end for this one. */
import type { ReactNode } from "react";
import type { Stream } from "../api/playback";

interface Props {
  readonly streams: readonly Stream[];
  readonly onTakeOver: (stream: Stream) => void;
}

export function StreamList({ streams, onTakeOver }: Props): ReactNode {
  return (
    <ul className="player-streams">
      {streams.map((stream) => (
        <li key={stream.sessionId}>
          <span className="player-stream-device" dir="auto">
            {stream.device}
          </span>
          <span className="player-stream-title">
            <bdi>{stream.title}</bdi>, since {clockTime(stream.startedAt)}
          </span>
          <button
            className="button"
            type="button"
            aria-label={`Stop and watch here: ${stream.title} on ${stream.device}`}
            onClick={() => onTakeOver(stream)}
          >
            Stop and watch here
          </button>
        </li>
      ))}
    </ul>
  );
}

function clockTime(moment: string): string {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
