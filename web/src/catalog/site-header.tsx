import { type ReactNode, useState } from "react";
import { useLeaving, WHAT_GOES } from "../downloads/leaving";
import { navigate } from "../routing";
import { useWhoWatches } from "../services";
import { StaffLink } from "../staff/staff-link";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { Link } from "../ui/link";
import { Wordmark } from "../ui/wordmark";
import { keepsTitles } from "./keeps-titles";
import { ProfileLink } from "./profile-link";
import "./site-header.css";

export function SiteHeader(): ReactNode {
  const watching = useWhoWatches();
  const isKid = watching?.isKid === true;
  const leaving = useLeaving();
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const signOut = async (): Promise<void> => {
    setBusy(true);
    await leaving.signOut();
    navigate("/", { replace: true });
  };
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="site-header">
        <Link to="/" className="wordmark-link" aria-label="Marquee, home">
          <Wordmark />
        </Link>
        {keepsTitles(watching?.accountId) && (
          <Link to="/downloads" className="button button-quiet">
            Downloads
          </Link>
        )}
        <StaffLink />
        <ProfileLink />
        {!isKid && (
          <Link to="/account" className="button button-quiet">
            Account
          </Link>
        )}
        <button
          className="button button-quiet"
          type="button"
          onClick={() => (leaving.takesDownloads ? setAsked(true) : void signOut())}
        >
          Sign out
        </button>
      </header>
      {isAsked && (
        <ConfirmDialog
          title="Sign out and remove downloads?"
          act="Sign out"
          keep="Stay signed in"
          isBusy={isBusy}
          onAct={() => void signOut()}
          onKeep={() => setAsked(false)}
        >
          <p>{WHAT_GOES}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
