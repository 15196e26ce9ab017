/** The authorization request and its answer (RFC 6749 4.1, RFC 7636, OIDC Core 3.1); no I/O here. */
import type { Config } from "../config";
import { isForStaff, matchRoute } from "../routing";
import { challengeOf, randomToken } from "./pkce";

/** What must be remembered between leaving for the issuer and coming back. */
export interface Transaction {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path of this app where the person wanted to be. */
  readonly returnTo: string;
}

/** A sign-in that did not succeed; the message is a sentence for the person. */
export class SignInError extends Error {
  override readonly name = "SignInError";
}

const SCOPE = "openid member";

/**
 * Staff access is asked for by whoever signs in at a page for staff, and by nobody else: what watches
 * films in another tab holds no token that could delete one.
 */
function scopeFor(returnTo: string): string {
  const route = matchRoute(returnTo.split(/[?#]/, 1)[0] ?? "");
  return isForStaff(route) ? `${SCOPE} staff` : SCOPE;
}

export const redirectUri = (origin: string): string => `${origin}/callback`;

export function newTransaction(returnTo: string): Transaction {
  return { state: randomToken(), nonce: randomToken(), verifier: randomToken(), returnTo };
}

export async function authorizeUrl(
  config: Config,
  origin: string,
  transaction: Transaction,
  { isStepUp = false }: { readonly isStepUp?: boolean } = {},
): Promise<string> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: config.clientId,
    redirect_uri: redirectUri(origin),
    scope: scopeFor(transaction.returnTo),
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await challengeOf(transaction.verifier),
    code_challenge_method: "S256",
    // OIDC Core 3.1.2.1: ask the person again, whoever is signed in.
    ...(isStepUp ? { prompt: "login" } : {}),
  });
  return `${config.issuer}/authorize?${query}`;
}

/** The code in the answer to our own request; SignInError for an answer to anything else. */
export function codeFrom(search: string, transaction: Transaction | null): string {
  const query = new URLSearchParams(search);
  if (transaction === null || query.get("state") !== transaction.state) {
    throw new SignInError("This sign-in was started somewhere else or has already been used.");
  }
  const error = query.get("error");
  if (error === "access_denied") throw new SignInError("The sign-in was cancelled.");
  if (error === "invalid_scope") {
    throw new SignInError("This account is no staff account. Sign in to watch instead.");
  }
  if (error === "temporarily_unavailable") {
    throw new SignInError("The sign-in service is busy. Try again in a moment.");
  }
  const code = query.get("code");
  if (error !== null || code === null || code === "") {
    throw new SignInError("The sign-in service could not complete your sign-in.");
  }
  return code;
}

/**
 * Refuses an ID token that answers another request (OIDC Core 3.1.3.7, step 11). Its signature is
 * not checked: it came straight from the issuer over TLS (step 6) and grants nothing here.
 */
export function checkNonce(idToken: string, nonce: string): void {
  let claims: { nonce?: unknown };
  try {
    const payload = (idToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    claims = JSON.parse(atob(payload)) as { nonce?: unknown };
  } catch (cause) {
    throw new SignInError("The sign-in service answered with something unreadable.", { cause });
  }
  if (claims.nonce !== nonce) {
    throw new SignInError("The sign-in service answered a different sign-in.");
  }
}
