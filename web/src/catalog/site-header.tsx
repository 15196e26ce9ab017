import type { ReactNode } from "react";
import { navigate } from "../routing";
import { useServices, useWhoWatches } from "../services";
import { StaffLink } from "../staff/staff-link";
import { Link } from "../ui/link";
import { Wordmark } from "../ui/wordmark";
import { keepsTitles } from "./keeps-titles";
import { ProfileLink } from "./profile-link";
import "./site-header.css";

export function SiteHeader(): ReactNode {
  const { session } = useServices();
  const isKid = useWhoWatches()?.isKid === true;
  const signOut = (): void => {
    session.signOut();
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
        {keepsTitles() && (
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
        <button className="button button-quiet" type="button" onClick={signOut}>
          Sign out
        </button>
      </header>
    </>
  );
}
