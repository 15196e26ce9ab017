/** Plays what the address says, from the moment it says so. */
import type { Services } from "../composition";
import { isFromStart, matchRoute, onMoved } from "../routing";

/** Now and whenever the address changes; subscribed before the pages are, so that it comes first. */
export function followAddress({ openings, session }: Pick<Services, "openings" | "session">): void {
  const follow = (): void => {
    const route = matchRoute(location.pathname);
    if (route.page === "watch" && session.status() === "signed-in") {
      openings.begin(route.titleId, isFromStart(location.search));
    } else openings.leave();
  };
  follow();
  onMoved(follow);
}
