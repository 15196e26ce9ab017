/** Keeps a feed going while its page is shown, and asks at once when somebody looks again. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { useServices } from "../services";
import { Feed, type FeedView } from "./feed";

export function useFeed(): readonly [feed: Feed, view: FeedView] {
  const { assets } = useServices();
  const [feed] = useState(
    () =>
      new Feed({
        api: assets,
        isVisible: () => document.visibilityState === "visible",
        later: (milliseconds, act) => {
          const timer = setTimeout(act, milliseconds);
          return () => clearTimeout(timer);
        },
      }),
  );
  useEffect(() => {
    const stop = feed.start();
    const looked = (): void => {
      if (document.visibilityState === "visible") feed.refresh();
    };
    document.addEventListener("visibilitychange", looked);
    window.addEventListener("online", looked);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", looked);
      window.removeEventListener("online", looked);
    };
  }, [feed]);
  return [feed, useSyncExternalStore(feed.subscribe, feed.view)];
}
