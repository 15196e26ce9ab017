/**
 * Who is signed in on this tab: gets tokens, renews them when a request needs one, forgets them.
 *
 * Tokens live in memory and in sessionStorage. sessionStorage lets a reload keep the person signed
 * in, ends with the tab, and is each tab's own; only duplicating a tab copies it, and such copies
 * renew in turns (shared-tokens). A cookie would be sent with every segment, and localStorage would
 * outlive the tab on a shared computer.
 */
import type { Config } from "../config";
import { choosePath, matchRoute } from "../routing";
import type { LastProfile } from "./last-profile";
import { randomToken } from "./pkce";
import type { ProofMaker } from "./proofs";
import type { TokenSharing } from "./shared-tokens";
import {
  authorizeUrl,
  checkNonce,
  codeFrom,
  newTransaction,
  redirectUri,
  SignInError,
  type Transaction,
} from "./authorization";
import { claimsIn, type WhoWatches, whoWatchesBy } from "./who-watches";

export type SessionStatus = "signed-in" | "signed-out" | "ended";

interface Tokens {
  readonly access: string;
  readonly refresh: string | null;
  /** What was granted, in words of RFC 6749 section 3.3; unknown for a session from before. */
  readonly scope?: string | undefined;
  /** Epoch milliseconds, by this machine's clock. */
  readonly expiresAt: number;
  /** What only copies of this tab have in common with it. */
  readonly secret?: string | undefined;
}

/** The person has to sign in again. */
export class SessionEnded extends Error {
  override readonly name = "SessionEnded";
}

/** The issuer did not answer; the session itself may be fine. */
export class IssuerUnreachable extends Error {
  override readonly name = "IssuerUnreachable";
}

/**
 * A request that finds less than this left renews first: sent with the old token and slow on its
 * way, it would come too late. Nothing renews without a request.
 */
const RENEW_BEFORE_MS = 30_000;

const TOKENS = "marquee.tokens";
const TRANSACTION = "marquee.sign-in";

const isNewer = (left: Tokens, mine: Tokens): boolean =>
  left.refresh !== mine.refresh && left.expiresAt >= mine.expiresAt;

export interface SessionDependencies {
  readonly config: Config;
  readonly origin: string;
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly sharing: TokenSharing;
  /** By what the issuer knows this browser again: see device-key. */
  readonly deviceKey: () => string;
  /** Of the key to which this browser's refresh tokens are bound; read when it is first needed. */
  readonly proofs: () => Promise<ProofMaker>;
  /** As whom this browser watched last. */
  readonly lastProfile: Pick<LastProfile, "read" | "keep">;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** Leaves this page for another address. */
  readonly leave: (url: string) => void;
}

export class Session {
  #tokens: Tokens | null;
  #whoWatches: WhoWatches | null;
  #status: SessionStatus;
  #renewal: Promise<Tokens> | null = null;
  #completion: Promise<string> | null = null;
  /** The issuer's clock against this machine's, as far as it was told: proofs are of its now. */
  #clockIsBehindMs = 0;
  readonly #listeners = new Set<() => void>();
  readonly #with: SessionDependencies;

  constructor(dependencies: SessionDependencies) {
    this.#with = dependencies;
    this.#tokens = this.#read<Tokens>(TOKENS);
    this.#whoWatches = whoWatchesBy(this.#tokens?.access ?? null);
    this.#status = this.#tokens === null ? "signed-out" : "signed-in";
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly status = (): SessionStatus => this.#status;

  /** Whose profile the token at hand is for; null while nobody is signed in. */
  readonly whoWatches = (): WhoWatches | null => this.#whoWatches;

  /** Whether the session was granted a scope. What may really be done is the API's to say. */
  hasScope(scope: string): boolean {
    return this.#tokens?.scope?.split(" ").includes(scope) ?? false;
  }

  /** Leaves for the issuer's page; comes back at /callback, then at `returnTo`. */
  signIn(returnTo: string): Promise<void> {
    return this.#leave(returnTo, false);
  }

  /** The same for who is signed in, and did so too long ago for what they want to do. */
  signInAgain(returnTo: string): Promise<void> {
    return this.#leave(returnTo, true);
  }

  async #leave(returnTo: string, isStepUp: boolean): Promise<void> {
    const transaction = newTransaction(returnTo);
    this.#write(TRANSACTION, transaction);
    const { config, origin } = this.#with;
    this.#with.leave(await authorizeUrl(config, origin, transaction, { isStepUp }));
  }

  /** Once the issuer knows that this session watches as another: until the token says so, too. */
  async watchAs(profileId: string): Promise<void> {
    await this.renew();
    // Another tab of this sign-in may have left a token from before.
    if (this.#whoWatches?.profileId !== profileId) await this.renew();
    this.#with.lastProfile.keep(profileId);
  }

  /** Trades the code of the callback address for tokens; resolves to where to go next. Once. */
  completeSignIn(search: string): Promise<string> {
    this.#completion ??= this.#exchange(search).finally(() => {
      this.#completion = null;
    });
    return this.#completion;
  }

  /** Forgets the tokens at once; the issuer hears of it, too, and ends their whole family. */
  signOut(): void {
    const refresh = this.#tokens?.refresh;
    const secret = this.#tokens?.secret;
    this.#forget("signed-out");
    if (secret !== undefined) void this.#with.sharing.forget(secret);
    if (refresh != null) this.#giveBack(refresh);
  }

  /** The token at hand, when it is good for at least the next request; else null. */
  freshToken(): string | null {
    const tokens = this.#tokens;
    const isFresh = tokens !== null && this.#with.now() < tokens.expiresAt - RENEW_BEFORE_MS;
    return isFresh ? tokens.access : null;
  }

  /** A token good for at least the next request; SessionEnded when only signing in again helps. */
  async accessToken(): Promise<string> {
    const tokens = this.#tokens;
    if (tokens === null) throw new SessionEnded("Nobody is signed in.");
    const fresh = this.freshToken();
    if (fresh !== null) return fresh;
    try {
      return (await this.renew()).access;
    } catch (error) {
      const stillGood = this.#with.now() < tokens.expiresAt;
      if (error instanceof IssuerUnreachable && stillGood) return tokens.access;
      throw error;
    }
  }

  /** The token at hand, for a page that is closing and cannot wait; null when none is good. */
  tokenAtHand(): string | null {
    const tokens = this.#tokens;
    return tokens !== null && this.#with.now() < tokens.expiresAt ? tokens.access : null;
  }

  /** Renews now, whatever the clock says. Callers at the same moment share one request. */
  renew(): Promise<{ readonly access: string }> {
    this.#renewal ??= this.#refresh().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #exchange(search: string): Promise<string> {
    const transaction = this.#read<Transaction>(TRANSACTION);
    const code = codeFrom(search, transaction);
    this.#with.storage.removeItem(TRANSACTION);
    if (transaction === null) throw new SignInError("This sign-in has already been used.");
    const remembered = this.#with.lastProfile.read();
    const answer = await this.#requestToken({
      grant_type: "authorization_code",
      code,
      redirect_uri: redirectUri(this.#with.origin),
      code_verifier: transaction.verifier,
      device_key: this.#with.deviceKey(),
      ...(remembered === "" ? {} : { profile: remembered }),
    });
    if (answer.refused) {
      throw new SignInError("The sign-in took too long or was already used. Sign in once more.");
    }
    if (answer.idToken !== null) checkNonce(answer.idToken, transaction.nonce);
    const before = this.#tokens?.refresh;
    this.#keep({ ...answer.tokens, secret: randomToken() });
    // Who signed in again is signed in once.
    if (before != null) this.#giveBack(before);
    return this.#next(transaction.returnTo, answer.idToken, remembered);
  }

  /** A household that shares an account is asked who watches, unless this device knows. */
  #next(returnTo: string, idToken: string | null, remembered: string): string {
    const isShared = Number(claimsIn(idToken)["profiles"] ?? 1) > 1;
    const { page } = matchRoute(returnTo.split(/[?#]/, 1)[0] ?? "");
    const isForFilms = page === "home" || page === "title" || page === "watch";
    const isKnown = remembered !== "" && this.#whoWatches?.profileId === remembered;
    return isShared && isForFilms && !isKnown ? choosePath(returnTo) : returnTo;
  }

  async #refresh(): Promise<Tokens> {
    const secret = this.#tokens?.secret;
    if (secret === undefined) return this.#ask();
    return this.#with.sharing.alone(secret, async () => {
      const left = (await this.#with.sharing.latest(secret)) as Tokens | null;
      const mine = this.#tokens;
      if (left !== null && mine !== null && isNewer(left, mine)) {
        this.#keep(left);
        if (this.#with.now() < left.expiresAt - RENEW_BEFORE_MS) return left;
      }
      const renewed = await this.#ask();
      await this.#with.sharing.leave(secret, renewed);
      return renewed;
    });
  }

  async #ask(): Promise<Tokens> {
    const before = this.#tokens;
    if (before === null) throw new SessionEnded("Nobody is signed in.");
    if (before.refresh === null) return this.#end();
    const answer = await this.#requestToken({
      grant_type: "refresh_token",
      refresh_token: before.refresh,
    });
    if (this.#tokens !== before) throw new SessionEnded("Signed out meanwhile.");
    if (answer.refused) return this.#end();
    const tokens = {
      ...answer.tokens,
      refresh: answer.tokens.refresh ?? before.refresh,
      scope: answer.tokens.scope ?? before.scope,
      secret: before.secret,
    };
    this.#keep(tokens);
    return tokens;
  }

  /** RFC 7009. Unheard, it ends nothing here: the person is signed out on this device either way. */
  #giveBack(refresh: string): void {
    this.#post("revoke", { token: refresh }, { keepalive: true }).catch(() => undefined);
  }

  #post(
    endpoint: string,
    form: Record<string, string>,
    extra: RequestInit = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.#with.fetch(`${this.#with.config.issuer}/${endpoint}`, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams({ ...form, client_id: this.#with.config.clientId }).toString(),
      credentials: "omit",
      ...extra,
    });
  }

  async #requestToken(
    grant: Record<string, string>,
  ): Promise<
    { refused: true } | { refused: false; tokens: Tokens; idToken: string | null }
  > {
    let asked = await this.#askIssuer(grant);
    if (asked.body["error"] === "invalid_dpop_proof") {
      // This clock is wrong, or the network sent a request twice that counts once. Once more, then.
      this.#correctClock(asked.response);
      asked = await this.#askIssuer(grant);
    }
    const { response, body, askedAt } = asked;
    if (response.status === 400 || response.status === 401) return { refused: true };
    if (!response.ok || typeof body["access_token"] !== "string") {
      throw new IssuerUnreachable(`The sign-in service answered ${response.status}.`);
    }
    const seconds = typeof body["expires_in"] === "number" ? body["expires_in"] : 0;
    return {
      refused: false,
      tokens: {
        access: body["access_token"],
        refresh: typeof body["refresh_token"] === "string" ? body["refresh_token"] : null,
        scope: typeof body["scope"] === "string" ? body["scope"] : undefined,
        expiresAt: askedAt + seconds * 1000,
      },
      idToken: typeof body["id_token"] === "string" ? body["id_token"] : null,
    };
  }

  /** Asks for tokens with a proof of this browser's key, where it has one; an answer that is JSON. */
  async #askIssuer(
    grant: Record<string, string>,
  ): Promise<{ response: Response; body: Record<string, unknown>; askedAt: number }> {
    try {
      const proofs = await this.#with.proofs();
      const url = `${this.#with.config.issuer}/token`;
      const proof = await proofs.proof(url, this.#with.now() + this.#clockIsBehindMs);
      const askedAt = this.#with.now();
      const response = await this.#post("token", grant, {}, proof === null ? {} : { DPoP: proof });
      const body = (await response.json()) as Record<string, unknown>;
      return { response, body, askedAt };
    } catch (cause) {
      throw new IssuerUnreachable("The sign-in service did not answer.", { cause });
    }
  }

  #correctClock(response: Response): void {
    const said = Date.parse(response.headers.get("Date") ?? "");
    if (!Number.isNaN(said)) this.#clockIsBehindMs = said - this.#with.now();
  }

  #keep(tokens: Tokens): void {
    this.#tokens = tokens;
    this.#watches(tokens.access);
    this.#write(TOKENS, tokens);
    this.#become("signed-in");
  }

  #end(): never {
    this.#forget("ended");
    throw new SessionEnded("The session has ended.");
  }

  #forget(status: SessionStatus): void {
    this.#tokens = null;
    this.#watches(null);
    this.#with.storage.removeItem(TOKENS);
    this.#become(status);
  }

  /** One value for as long as it says the same, so that pages need not compare. */
  #watches(access: string | null): void {
    const now = whoWatchesBy(access);
    const before = this.#whoWatches;
    if (now?.profileId !== before?.profileId || now?.isKid !== before?.isKid) this.#whoWatches = now;
  }

  #become(status: SessionStatus): void {
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }

  #read<T>(name: string): T | null {
    try {
      return JSON.parse(this.#with.storage.getItem(name) ?? "null") as T | null;
    } catch {
      return null;
    }
  }

  #write(name: string, value: unknown): void {
    this.#with.storage.setItem(name, JSON.stringify(value));
  }
}
