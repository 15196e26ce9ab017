import { type ReactNode, useState } from "react";
import { useServices } from "../services";

/** Leaves for the issuer's sign-in page. */
export function SignInButton({ returnTo }: { readonly returnTo: string }): ReactNode {
  const { session } = useServices();
  const [isLeaving, setLeaving] = useState(false);

  const leave = (): void => {
    setLeaving(true);
    session.signIn(returnTo).catch(() => setLeaving(false));
  };

  return (
    <button className="button button-primary" type="button" onClick={leave} aria-busy={isLeaving}>
      Sign in
    </button>
  );
}
