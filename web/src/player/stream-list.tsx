/** The plays that have the account's screens, each of which may end for this one. */
import { type ReactNode, useCallback } from "react";
import type { Stream } from "../api/playback";
import { useLoaded } from "../api/use-loaded";
import { useServices } from "../services";

interface Props {
  readonly streams: readonly Stream[];
  readonly onTakeOver: (stream: Stream) => void;
}

export function StreamList({ streams, onTakeOver }: Props): ReactNode {
  const nameOf = useNames();
  return (
    <ul className="player-streams">
      {streams.map((stream) => (
        <li key={stream.sessionId}>
          <span className="player-stream-device">
            <bdi>{stream.device}</bdi>
            {nameOf(stream) !== null && (
              <>
                {" · "}
                <bdi>{nameOf(stream)}</bdi>
              </>
            )}
          </span>
          <span className="player-stream-title">
            <bdi>{stream.title}</bdi>, since {clockTime(stream.startedAt)}
          </span>
          <button
            className="button"
            type="button"
            aria-label={words(stream, nameOf(stream))}
            onClick={() => onTakeOver(stream)}
          >
            Stop and watch here
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Who watches, as the household calls them; null while that is not known. */
function useNames(): (stream: Stream) => string | null {
  const { profiles } = useServices();
  const load = useCallback((signal: AbortSignal) => profiles.all(signal), [profiles]);
  const household = useLoaded("household", load);
  return ({ profileId }) => {
    if (household.status !== "ready") return null;
    return household.value.profiles.find((one) => one.profileId === profileId)?.name ?? null;
  };
}

function words({ title, device }: Stream, name: string | null): string {
  const watcher = name === null ? "" : `, ${name}`;
  return `Stop and watch here: ${title} on ${device}${watcher}`;
}

function clockTime(moment: string): string {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
