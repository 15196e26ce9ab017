/**
 * What a token says of who watches, for what the pages show. Nothing is decided by it: its signature
 * is not checked here, and the API reads the claims for itself.
 */

export interface WhoWatches {
  readonly accountId: string;
  readonly profileId: string;
  readonly isKid: boolean;
}

/** Null without a token, or for one that names no account or no profile. */
export function whoWatchesBy(accessToken: string | null): WhoWatches | null {
  const { sub, profile, kids } = claimsIn(accessToken);
  if (typeof sub !== "string" || typeof profile !== "string") return null;
  return { accountId: sub, profileId: profile, isKid: kids === "true" };
}

/** The claims of a JWT of ours (RFC 7519), none for what is no such token. */
export function claimsIn(token: string | null): Readonly<Record<string, unknown>> {
  try {
    const payload = (token?.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(payload)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
