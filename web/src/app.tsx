/** Which page is shown: by address, and by whether somebody is signed in. */
import { type ReactNode, StrictMode, useEffect, useRef } from "react";
import { isSeriesId } from "./api/titles";
import { CallbackPage } from "./auth/callback-page";
import { SignedOutPage } from "./auth/signed-out-page";
import { HomePage } from "./catalog/home-page";
import { SeriesPage } from "./catalog/series-page";
import { TitlePage } from "./catalog/title-page";
import type { Services } from "./composition";
import {
  accountPage,
  devicesPage,
  downloadsPage,
  historyPage,
  membersPage,
  profilesPage,
  staffPage,
} from "./pages";
import { WatchPage } from "./player/watch-page";
import { currentVisit, isFromStart, matchRoute, parentPath, type Route, usePath } from "./routing";
import { ServicesProvider, useServices, useSessionStatus, useWhoWatches } from "./services";
import { NotStaffPage } from "./staff/not-staff-page";
import { ErrorBoundary } from "./ui/error-boundary";
import { arriveAtContent, focusOn } from "./ui/focus";
import { NotFoundPage } from "./ui/not-found-page";
import { useRemoteKeys } from "./ui/use-remote-keys";

export function App({ services }: { readonly services: Services }): ReactNode {
  return (
    <StrictMode>
      <ErrorBoundary>
        <ServicesProvider value={services}>
          <CurrentPage />
        </ServicesProvider>
      </ErrorBoundary>
    </StrictMode>
  );
}

function CurrentPage(): ReactNode {
  const path = usePath();
  const status = useSessionStatus();
  const { session } = useServices();
  const watching = useWhoWatches()?.profileId;
  const route = matchRoute(path.split("?", 1)[0] ?? "");
  useFocusOnArrival(path);
  useRemoteKeys(!isPlayer(route), parentPath(route));

  if (route.page === "callback") return <CallbackPage />;
  if (route.page === "not-found") return <NotFoundPage />;
  // Without the network nobody can sign in: what this device keeps is shown all the same.
  if (route.page === "downloads") return <downloadsPage.Page watched={route.watched} />;
  if (status !== "signed-in") return <SignedOutPage returnTo={path} hasEnded={status === "ended"} />;
  switch (route.page) {
    case "home":
      return <HomePage key={watching} />;
    case "staff":
      if (!session.hasScope("staff")) return <NotStaffPage />;
      return <staffPage.Page />;
    case "members":
      if (!session.hasScope("staff")) return <NotStaffPage />;
      return <membersPage.Page />;
    case "account":
      return <accountPage.Page />;
    case "devices":
      return <devicesPage.Page />;
    case "history":
      return <historyPage.Page />;
    case "profiles":
      return <profilesPage.Page view={route.view} />;
    case "title":
      if (isSeriesId(route.titleId)) {
        return <SeriesPage key={`${route.titleId} ${watching}`} seriesId={route.titleId} />;
      }
      return <TitlePage key={`${route.titleId} ${watching}`} titleId={route.titleId} />;
    case "watch":
      return <WatchPage titleId={route.titleId} fromStart={isFromStart(path)} />;
  }
}

function isPlayer(route: Route): boolean {
  return route.page === "watch" || (route.page === "downloads" && route.watched !== null);
}

/**
 * After moving inside the app, keyboard and screen reader start at the new page's content; after
 * coming back, at the link that was followed from there.
 */
function useFocusOnArrival(path: string): void {
  const arrivedAt = useRef(path);
  useEffect(() => {
    if (arrivedAt.current === path) return;
    arrivedAt.current = path;
    const { followed } = currentVisit();
    const links = document.querySelectorAll<HTMLAnchorElement>("main a[href]");
    const link = [...links].find((each) => each.getAttribute("href") === followed);
    window.scrollTo(0, 0);
    if (!focusOn(link)) arriveAtContent();
  }, [path]);
}
