/** What anyone sees who is not signed in, at whatever address they came to. */
import { type ReactNode, useEffect } from "react";
import { matchRoute } from "../routing";
import { useDocumentTitle } from "../ui/document-title";
import { Wordmark } from "../ui/wordmark";
import { SignInButton } from "./sign-in-button";
import "./signed-out-page.css";

interface Props {
  readonly returnTo: string;
  /** A session was there and ran out, or was revoked. */
  readonly hasEnded: boolean;
}

export function SignedOutPage({ returnTo, hasEnded }: Props): ReactNode {
  useDocumentTitle("Sign in");
  useShownAgainAfterBack();
  return (
    <div className="signed-out">
      <header className="signed-out-header">
        <Wordmark />
      </header>
      <main id="main" className="signed-out-main" tabIndex={-1}>
        <div className="signed-out-bulbs" aria-hidden="true" />
        <h1>{hasEnded ? "Welcome back." : "Tonight, on your screen."}</h1>
        <p role={hasEnded ? "status" : undefined}>{sentence(returnTo, hasEnded)}</p>
        <SignInButton returnTo={returnTo} />
        <div className="signed-out-bulbs" aria-hidden="true" />
      </main>
    </div>
  );
}

function sentence(returnTo: string, hasEnded: boolean): string {
  if (hasEnded) return "Your session has ended. Sign in again to carry on where you were.";
  if (matchRoute(returnTo).page === "staff") return "Sign in with a staff account to look after the films.";
  if (returnTo === "/") return "Films and series, picked up where you left them.";
  return "Sign in to continue to this title.";
}

/** "Back" from the issuer restores this page from the cache, its button still busy: start afresh. */
function useShownAgainAfterBack(): void {
  useEffect(() => {
    const onShow = (event: PageTransitionEvent): void => {
      if (event.persisted) location.reload();
    };
    window.addEventListener("pageshow", onShow);
    return () => window.removeEventListener("pageshow", onShow);
  }, []);
}
