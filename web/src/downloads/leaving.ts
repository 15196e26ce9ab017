/** Signing out of a browser that keeps titles: they go, and whoever signs out is told before. */
import { keepsTitles } from "../catalog/keeps-titles";
import { useServices, useWhoWatches } from "../services";

export const WHAT_GOES =
  "What you have downloaded to this browser is removed. Where you were in it is kept.";

export interface Leaving {
  /** Whether something goes with the sign-out. */
  readonly takesDownloads: boolean;
  /** Removes the account's downloads, and signs out whatever becomes of that. */
  readonly signOut: () => Promise<void>;
}

export function useLeaving(): Leaving {
  const { session, downloads } = useServices();
  const takesDownloads = keepsTitles(useWhoWatches()?.accountId);
  const signOut = async (): Promise<void> => {
    try {
      if (takesDownloads) await (await downloads()).clear();
    } catch {
      // What could not be removed is sealed for this account: nobody else sees or opens it.
    } finally {
      session.signOut();
    }
  };
  return { takesDownloads, signOut };
}
