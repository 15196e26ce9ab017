/** What a viewer sees the player doing, told from what the video element reports. */

export type PlayerState = "loading" | "playing" | "paused" | "buffering" | "error" | "ended";

export type PlayerSignal =
  | "restarted"
  | "ready-but-waiting-for-a-click"
  | "playing"
  | "paused"
  | "waiting"
  | "seeked-while-paused"
  | "ended"
  | "failed";

export function nextState(state: PlayerState, signal: PlayerSignal): PlayerState {
  if (signal === "restarted") return "loading";
  // After a failure the element still reports what its buffer does; only a new start matters.
  if (state === "error") return "error";
  switch (signal) {
    case "failed":
      return "error";
    case "playing":
      return "playing";
    case "ended":
      return "ended";
    case "paused":
      // The element reports a pause when it reaches the end, too.
      return state === "ended" ? "ended" : "paused";
    case "ready-but-waiting-for-a-click":
    case "seeked-while-paused":
      return "paused";
    case "waiting":
      return state === "loading" ? "loading" : "buffering";
  }
}
