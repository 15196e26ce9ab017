/** Proof Key for Code Exchange (RFC 7636) and the one-time values of a sign-in. */

/** 32 octets: the entropy RFC 7636 section 7.1 asks of a verifier; 43 characters once encoded. */
const RANDOM_BYTES = 32;

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** An unguessable value: a code verifier, a state or a nonce. */
export function randomToken(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/** code_challenge of a verifier by the S256 method (RFC 7636 section 4.2). */
export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}
