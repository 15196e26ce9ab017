/** Where the issuer sends the person back: finishes the sign-in or says why it could not be. */
import { type ReactNode, useEffect, useState } from "react";
import { navigate, safeReturnPath } from "../routing";
import { useServices } from "../services";
import { Message } from "../ui/message";
import { useDocumentTitle } from "../ui/document-title";
import { Spinner } from "../ui/spinner";
import { SignInError } from "./authorization";
import { SignInButton } from "./sign-in-button";

const UNREACHABLE = "The sign-in service did not answer. Try again in a moment.";

export function CallbackPage(): ReactNode {
  const { session } = useServices();
  const [problem, setProblem] = useState<string | null>(null);
  useDocumentTitle("Signing in");

  useEffect(() => {
    session.completeSignIn(location.search).then(
      // Replaced, so that "back" never returns to a spent code.
      (returnTo) => navigate(safeReturnPath(returnTo), { replace: true }),
      (error: unknown) => setProblem(error instanceof SignInError ? error.message : UNREACHABLE),
    );
  }, [session]);

  if (problem === null) return <Spinner label="Signing you in" fills />;
  return (
    <Message title="You are not signed in" detail={problem}>
      <SignInButton returnTo="/" />
    </Message>
  );
}
