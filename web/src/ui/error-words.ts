/** What stands in the way of something that somebody asked for, as a sentence. Pure. */
import { SessionEnded } from "../auth/session";
import { ApiError, ConnectionError } from "../api/problem";

export function errorWords(error: unknown): string {
  if (error instanceof ConnectionError) {
    return "Marquee is out of reach. Check your network, then try again.";
  }
  if (error instanceof SessionEnded) return "Your session has ended. Sign in again.";
  if (error instanceof ApiError) {
    if (error.status === 404) return "It is not here any more: somebody has deleted it.";
    return error.message;
  }
  return "Marquee has a problem on its side. Try again in a moment.";
}

/** The field that a refused input names, such as `file_name` in "file_name: must not be empty." */
export function fieldOf(error: unknown): string | null {
  if (!(error instanceof ApiError) || error.status !== 422) return null;
  return /^([a-z_]+): /.exec(error.message)?.[1] ?? null;
}
