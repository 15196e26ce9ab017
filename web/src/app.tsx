/** Which page is shown: by address, and by whether somebody is signed in. */
import { lazy, type ReactNode, StrictMode, Suspense, useEffect, useRef } from "react";
import { CallbackPage } from "./auth/callback-page";
import { SignedOutPage } from "./auth/signed-out-page";
import { HomePage } from "./catalog/home-page";
import { TitlePage } from "./catalog/title-page";
import { matchRoute, usePath } from "./routing";
import { type Services, ServicesProvider, useSessionStatus } from "./services";
import { ErrorBoundary } from "./ui/error-boundary";
import { NotFoundPage } from "./ui/not-found-page";
import { Spinner } from "./ui/spinner";

/** The player and Shaka stay out of the first download. */
const WatchPage = lazy(() => import("./player/watch-page"));

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
  const route = matchRoute(path.split("?", 1)[0] ?? "");
  useFocusOnArrival(path);

  if (route.page === "callback") return <CallbackPage />;
  if (route.page === "not-found") return <NotFoundPage />;
  if (status !== "signed-in") return <SignedOutPage returnTo={path} hasEnded={status === "ended"} />;
  switch (route.page) {
    case "home":
      return <HomePage />;
    case "title":
      return <TitlePage key={route.titleId} titleId={route.titleId} />;
    case "watch":
      return (
        <Suspense fallback={<Spinner label="Opening the player" fills />}>
          <WatchPage
            key={path}
            titleId={route.titleId}
            fromStart={new URLSearchParams(path.split("?")[1]).get("from") === "start"}
          />
        </Suspense>
      );
  }
}

/** After moving inside the app, keyboard and screen reader start at the new page's content. */
function useFocusOnArrival(path: string): void {
  const arrivedAt = useRef(path);
  useEffect(() => {
    if (arrivedAt.current === path) return;
    arrivedAt.current = path;
    window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [path]);
}
