import type { ReactNode } from "react";
import { navigate } from "../routing";
import { useServices } from "../services";
import { StaffLink } from "../staff/staff-link";
import { Link } from "../ui/link";
import { Wordmark } from "../ui/wordmark";
import "./site-header.css";

export function SiteHeader(): ReactNode {
  const { session, accountUrl } = useServices();
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
        <StaffLink />
        <a className="button button-quiet" href={accountUrl}>
          Account
        </a>
        <button className="button button-quiet" type="button" onClick={signOut}>
          Sign out
        </button>
      </header>
    </>
  );
}
