/** What somebody sees at the staff page whose session was not granted it. */
import type { ReactNode } from "react";
import { SignInButton } from "../auth/sign-in-button";
import { usePath } from "../routing";
import { useDocumentTitle } from "../ui/document-title";
import { Link } from "../ui/link";
import { Message } from "../ui/message";

export function NotStaffPage(): ReactNode {
  useDocumentTitle("For staff");
  const path = usePath();
  return (
    <Message
      title="This page is for staff"
      detail="You are signed in to watch. Sign in with a staff account to look after the films."
    >
      <SignInButton returnTo={path} />
      <Link to="/" className="button">
        Back to titles
      </Link>
    </Message>
  );
}
