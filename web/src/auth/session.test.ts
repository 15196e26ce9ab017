import { expect, test, vi } from "vitest";
import { SignInError } from "./authorization";
import type { TokenSharing } from "./shared-tokens";
import { IssuerUnreachable, Session, SessionEnded } from "./session";

/** An issuer that answers /token from a script and remembers what it was sent. */
class FakeIssuer {
  readonly forms: URLSearchParams[] = [];
  readonly addresses: string[] = [];
  readonly proofs: (string | null)[] = [];
  answers: (() => Response | Promise<Response>)[] = [];

  readonly fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    this.addresses.push(String(url));
    this.forms.push(new URLSearchParams(String(init?.body)));
    this.proofs.push(new Headers(init?.headers).get("DPoP"));
    const answer = this.answers.shift();
    if (answer === undefined) throw new TypeError("connection refused");
    return answer();
  };

  grants(name: string, seconds = 600, idToken?: string, scope?: string): void {
    const body = {
      access_token: `access-${name}`,
      refresh_token: `refresh-${name}`,
      expires_in: seconds,
      ...(idToken === undefined ? {} : { id_token: idToken }),
      ...(scope === undefined ? {} : { scope }),
    };
    this.answers.push(() => Response.json(body));
  }

  refusesTheProof(date: string | null): void {
    const headers: Record<string, string> = date === null ? {} : { Date: date };
    const init = { status: 400, headers };
    this.answers.push(() => Response.json({ error: "invalid_dpop_proof" }, init));
  }

  refuses(): void {
    this.answers.push(() => Response.json({ error: "invalid_grant" }, { status: 400 }));
  }
}

/** One browser's: tabs take turns. */
class Sharing implements TokenSharing {
  readonly left = new Map<string, unknown>();
  #turn: Promise<unknown> = Promise.resolve();

  alone<T>(_secret: string, work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  latest = async (secret: string): Promise<unknown> => this.left.get(secret) ?? null;

  async leave(secret: string, value: unknown): Promise<void> {
    this.left.set(secret, value);
  }

  async forget(secret: string): Promise<void> {
    this.left.delete(secret);
  }
}

class Tab {
  readonly issuer: FakeIssuer;
  readonly kept: Map<string, string>;
  readonly sharing: Sharing;

  constructor(original?: Tab) {
    this.issuer = original?.issuer ?? new FakeIssuer();
    this.sharing = original?.sharing ?? new Sharing();
    // What a browser copies when a tab is duplicated.
    this.kept = new Map(original?.kept);
    this.now = original?.now ?? this.now;
  }

  now = 1_000_000;
  left = "";
  keepsKeys = true;
  proofsFail = false;
  proofs = 0;
  /** The browser's, which outlives the tab. */
  lastProfile = "";

  open(): Session {
    return new Session({
      config: { issuer: "https://auth.example", clientId: "web", api: "/v1", beacons: "https://beacons.example/v1/beacons" },
      origin: "https://watch.example",
      storage: {
        getItem: (name) => this.kept.get(name) ?? null,
        setItem: (name, value) => void this.kept.set(name, value),
        removeItem: (name) => void this.kept.delete(name),
      },
      sharing: this.sharing,
      deviceKey: () => "k".repeat(43),
      proofs: async () => {
        if (this.proofsFail) throw new TypeError("Failed to fetch dynamically imported module");
        return { proof: (url, at) => this.proof(url, at) };
      },
      lastProfile: {
        read: () => this.lastProfile,
        keep: (profileId) => {
          this.lastProfile = profileId;
        },
      },
      fetch: this.issuer.fetch as typeof fetch,
      now: () => this.now,
      leave: (url) => {
        this.left = url;
      },
    });
  }

  async proof(url: string, at: number): Promise<string | null> {
    if (!this.keepsKeys) return null;
    this.proofs += 1;
    return `proof ${this.proofs} for ${url} at ${at}`;
  }

  /** Goes to the issuer and back to a new page, as a browser does. */
  async signIn(session: Session, returnTo = "/"): Promise<{ back: Session; search: string }> {
    await session.signIn(returnTo);
    const state = new URL(this.left).searchParams.get("state") ?? "";
    return { back: this.open(), search: `?code=c1&state=${state}` };
  }
}

async function signedIn(seconds = 600): Promise<{ tab: Tab; session: Session }> {
  const tab = new Tab();
  const { back, search } = await tab.signIn(tab.open());
  tab.issuer.grants("1", seconds);
  await back.completeSignIn(search);
  return { tab, session: back };
}

test("a sign-in trades the code with its verifier and returns to where it began", async () => {
  const tab = new Tab();
  const { back, search } = await tab.signIn(tab.open(), "/watch/ttl_1");
  tab.issuer.grants("1");

  const returnTo = await back.completeSignIn(search);

  expect(returnTo).toBe("/watch/ttl_1");
  expect(back.status()).toBe("signed-in");
  expect(await back.accessToken()).toBe("access-1");
  expect(tab.issuer.forms[0]?.get("grant_type")).toBe("authorization_code");
  expect(tab.issuer.forms[0]?.get("code_verifier")).toMatch(/^[\w-]{43}$/);
});

test("a session has the scopes that were granted, also once it is renewed", async () => {
  const tab = new Tab();
  const { back, search } = await tab.signIn(tab.open(), "/staff");
  tab.issuer.grants("1", 600, undefined, "member staff");
  await back.completeSignIn(search);
  tab.issuer.grants("2");
  await back.renew();

  expect(back.hasScope("staff")).toBe(true);
  expect(tab.open().hasScope("staff")).toBe(true);
  expect(back.hasScope("sta")).toBe(false);
  back.signOut();
  expect(back.hasScope("staff")).toBe(false);
});

test("a code is traded once, even when the page asks twice", async () => {
  const tab = new Tab();
  const { back, search } = await tab.signIn(tab.open());
  tab.issuer.grants("1");

  await Promise.all([back.completeSignIn(search), back.completeSignIn(search)]);

  expect(tab.issuer.forms).toHaveLength(1);
  await expect(back.completeSignIn(search)).rejects.toThrow(SignInError);
});

test("an ID token for another sign-in signs nobody in", async () => {
  const tab = new Tab();
  const { back, search } = await tab.signIn(tab.open());
  tab.issuer.grants("1", 600, `e30.${btoa('{"nonce":"other"}').replaceAll("=", "")}.s`);

  await expect(back.completeSignIn(search)).rejects.toThrow(SignInError);
  expect(back.status()).toBe("signed-out");
});

test("a reload keeps the person signed in", async () => {
  const { tab } = await signedIn();

  expect(tab.open().status()).toBe("signed-in");
});

test("a request that finds a token about to expire renews it, once for all at that moment", async () => {
  const { tab, session } = await signedIn();
  tab.now += 575_000;
  tab.issuer.grants("2");

  const tokens = await Promise.all([session.accessToken(), session.accessToken()]);

  expect(tokens).toEqual(["access-2", "access-2"]);
  expect(tab.issuer.forms).toHaveLength(2);
  expect(tab.issuer.forms[1]?.get("refresh_token")).toBe("refresh-1");
});

test("the next renewal uses the rotated refresh token", async () => {
  const { tab, session } = await signedIn();
  tab.issuer.grants("2");
  await session.renew();
  tab.issuer.grants("3");

  await session.renew();

  expect(tab.issuer.forms[2]?.get("refresh_token")).toBe("refresh-2");
});

test("nobody renews a token that no request needs", async () => {
  vi.useFakeTimers();
  try {
    const { tab, session } = await signedIn();
    const asked = tab.issuer.forms.length;

    tab.now += 24 * 3_600_000;
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);

    expect(vi.getTimerCount()).toBe(0);
    expect(tab.issuer.forms).toHaveLength(asked);
    expect(session.status()).toBe("signed-in");
  } finally {
    vi.useRealTimers();
  }
});

test("an hour of playing renews six times: a beacon every 150 s asks for a token", async () => {
  const { tab, session } = await signedIn();
  const asked = tab.issuer.forms.length;

  for (let beat = 1; beat <= 24; beat++) {
    tab.now += 150_000;
    if (session.freshToken() === null) tab.issuer.grants(`at-${beat}`);
    await session.accessToken();
  }

  expect(tab.issuer.forms.length - asked).toBe(6);
});

test("a page that closes has no use for a token that is over", async () => {
  const { tab, session } = await signedIn();

  tab.now += 599_999;
  expect(session.tokenAtHand()).toBe("access-1");
  tab.now += 1;
  expect(session.tokenAtHand()).toBeNull();
});

test("each request for tokens has a proof of its own, of now", async () => {
  const { tab, session } = await signedIn();
  tab.now += 5_000;
  tab.issuer.grants("2");
  await session.renew();

  expect(tab.issuer.proofs).toEqual([
    "proof 1 for https://auth.example/token at 1000000",
    "proof 2 for https://auth.example/token at 1005000",
  ]);
});

test("giving a token back needs no proof", async () => {
  const { tab, session } = await signedIn();

  session.signOut();

  expect(tab.issuer.addresses.at(-1)).toBe("https://auth.example/revoke");
  expect(tab.issuer.proofs.at(-1)).toBeNull();
});

test("a browser that keeps no key signs in and renews without a proof", async () => {
  const tab = new Tab();
  tab.keepsKeys = false;
  const { back, search } = await tab.signIn(tab.open());
  tab.issuer.grants("1");
  await back.completeSignIn(search);
  tab.issuer.grants("2");
  await back.renew();

  expect(back.tokenAtHand()).toBe("access-2");
  expect(tab.issuer.proofs).toEqual([null, null]);
});

test("a clock that is wrong is put right by the issuer's, also for the next proofs", async () => {
  const tab = new Tab();
  const { back, search } = await tab.signIn(tab.open());
  tab.now = Date.parse("2026-11-01T12:00:00Z");
  tab.issuer.refusesTheProof("Sun, 01 Nov 2026 11:47:00 GMT");
  tab.issuer.grants("1");
  await back.completeSignIn(search);
  tab.now += 10_000;
  tab.issuer.grants("2");
  await back.renew();

  const at = tab.issuer.proofs.map((proof) => Number(proof?.split(" ").at(-1)));
  expect(at.map((ms) => new Date(ms).toISOString())).toEqual([
    "2026-11-01T12:00:00.000Z",
    "2026-11-01T11:47:00.000Z",
    "2026-11-01T11:47:10.000Z",
  ]);
});

test("a proof that counts once is made anew once, and no more often", async () => {
  const { tab, session } = await signedIn();
  tab.issuer.refusesTheProof(null);
  tab.issuer.grants("2");
  await session.renew();
  expect(tab.issuer.proofs.at(-1)).not.toBe(tab.issuer.proofs.at(-2));

  tab.issuer.refusesTheProof(null);
  tab.issuer.refusesTheProof(null);
  tab.issuer.grants("3");
  await expect(session.renew()).rejects.toThrow(SessionEnded);

  expect(session.status()).toBe("ended");
  expect(tab.issuer.forms).toHaveLength(5);
});

test("without what makes proofs nothing is asked, and nothing ends", async () => {
  const { tab, session } = await signedIn();
  tab.proofsFail = true;

  await expect(session.renew()).rejects.toThrow(IssuerUnreachable);

  expect(session.status()).toBe("signed-in");
  expect(tab.issuer.forms).toHaveLength(1);
});

test("a refused renewal ends the session and forgets its tokens", async () => {
  const { tab, session } = await signedIn();
  tab.now += 700_000;
  tab.issuer.refuses();

  await expect(session.accessToken()).rejects.toThrow(SessionEnded);
  expect(session.status()).toBe("ended");
  expect(session.tokenAtHand()).toBeNull();
  expect([...tab.kept.values()].join()).not.toContain("access");
});

test("an issuer that does not answer ends nothing", async () => {
  const { tab, session } = await signedIn();
  tab.now += 575_000;

  expect(await session.accessToken()).toBe("access-1");

  tab.now += 100_000;
  await expect(session.accessToken()).rejects.toThrow(IssuerUnreachable);
  expect(session.status()).toBe("signed-in");
});

test("signing out while a renewal is under way stays signed out", async () => {
  const { tab, session } = await signedIn();
  const { promise, resolve } = Promise.withResolvers<Response>();
  tab.issuer.answers.push(() => promise);
  const renewal = session.renew();
  await vi.waitFor(() => expect(tab.issuer.forms).toHaveLength(2));

  session.signOut();
  resolve(Response.json({ access_token: "access-2", refresh_token: "r", expires_in: 600 }));

  await expect(renewal).rejects.toThrow(SessionEnded);
  expect(session.status()).toBe("signed-out");
  expect(tab.kept.size).toBe(0);
});

test("who signs in again is signed in once: the sign-in before is given back", async () => {
  const { tab, session } = await signedIn();
  await session.signInAgain("/devices");
  const state = new URL(tab.left).searchParams.get("state") ?? "";
  const back = tab.open();
  tab.issuer.grants("2");

  const returnTo = await back.completeSignIn(`?code=c2&state=${state}`);

  expect(returnTo).toBe("/devices");
  expect(await back.accessToken()).toBe("access-2");
  expect(tab.issuer.forms.at(-1)?.get("token")).toBe("refresh-1");
});

test("signing out gives the refresh token back, and needs no answer", async () => {
  const { tab, session } = await signedIn();

  session.signOut();

  expect(session.status()).toBe("signed-out");
  expect(tab.issuer.addresses.at(-1)).toBe("https://auth.example/revoke");
  expect(Object.fromEntries(tab.issuer.forms.at(-1) ?? [])).toEqual({
    token: "refresh-1",
    client_id: "web",
  });
});

test("signing out when nobody is signed in asks nothing", () => {
  const tab = new Tab();

  tab.open().signOut();

  expect(tab.issuer.addresses).toEqual([]);
});

test("a duplicated tab takes what the other one was given, and both stay signed in", async () => {
  const { tab, session } = await signedIn();
  const copy = new Tab(tab);
  const copied = copy.open();
  tab.issuer.grants("2");
  await session.renew();
  copy.now = tab.now = tab.now + 20_000;

  expect((await copied.renew()).access).toBe("access-2");

  expect(tab.issuer.forms).toHaveLength(2);
  expect(JSON.parse(copy.kept.get("marquee.tokens") ?? "").refresh).toBe("refresh-2");
});

test("two tabs that renew at once ask once", async () => {
  const { tab, session } = await signedIn();
  const copied = new Tab(tab).open();
  tab.issuer.grants("2");

  const both = await Promise.all([session.renew(), copied.renew()]);

  expect(both.map(({ access }) => access)).toEqual(["access-2", "access-2"]);
  expect(tab.issuer.forms).toHaveLength(2);
});

test("a tab that slept through many renewals goes on with the last one's token", async () => {
  const { tab, session } = await signedIn();
  const copy = new Tab(tab);
  const copied = copy.open();
  for (const name of ["2", "3"]) {
    tab.now += 590_000;
    tab.issuer.grants(name);
    await session.renew();
  }
  copy.now = tab.now + 590_000;
  tab.issuer.grants("4");

  expect(await copied.accessToken()).toBe("access-4");

  expect(tab.issuer.forms.at(-1)?.get("refresh_token")).toBe("refresh-3");
});

test("signing out in one tab leaves nothing for the other", async () => {
  const { tab, session } = await signedIn();
  const copied = new Tab(tab).open();
  tab.issuer.grants("2");
  await session.renew();
  tab.issuer.answers.push(() => new Response());
  session.signOut();
  tab.issuer.refuses();

  await expect(copied.renew()).rejects.toThrow(SessionEnded);

  expect(tab.sharing.left.size).toBe(0);
  expect(copied.status()).toBe("ended");
});

test("two sign-ins in one browser have nothing in common", async () => {
  const { tab, session } = await signedIn();
  const other = new Tab();
  other.issuer.answers = tab.issuer.answers;
  const secret = (kept: Map<string, string>): string =>
    JSON.parse(kept.get("marquee.tokens") ?? "").secret;
  const { back, search } = await other.signIn(other.open());
  other.issuer.grants("other");
  await back.completeSignIn(search);

  expect(secret(other.kept)).not.toBe(secret(tab.kept));
  expect(session.status()).toBe("signed-in");
});

const jwt = (claims: object): string => `header.${btoa(JSON.stringify(claims))}.signature`;

/** Signs in to an account with so many profiles; the first one watches. */
async function afterSignIn(tab: Tab, profiles: number, to = "/", profile = "prf_1") {
  const { back, search } = await tab.signIn(tab.open(), to);
  const nonce = new URL(tab.left).searchParams.get("nonce");
  tab.issuer.answers.push(() =>
    Response.json({
      access_token: jwt({ sub: "acc_1", profile, kids: "false" }),
      refresh_token: "refresh-1",
      expires_in: 600,
      id_token: jwt({ nonce, profiles }),
    }),
  );
  return { session: back, next: await back.completeSignIn(search) };
}

test("a household is asked who watches before it goes where it wanted to", async () => {
  expect((await afterSignIn(new Tab(), 2)).next).toBe("/profiles");
  expect((await afterSignIn(new Tab(), 2, "/title/ttl_1")).next).toBe("/profiles?to=%2Ftitle%2Fttl_1");
});

test("nobody is asked who watches alone, or came to look after something", async () => {
  expect((await afterSignIn(new Tab(), 1)).next).toBe("/");
  expect((await afterSignIn(new Tab(), 2, "/staff")).next).toBe("/staff");
});

test("a device that knows who watches says so and goes on, unless the issuer disagrees", async () => {
  const tab = new Tab();
  tab.lastProfile = "prf_2";

  expect((await afterSignIn(tab, 2, "/", "prf_2")).next).toBe("/");
  expect(tab.issuer.forms.at(-1)?.get("profile")).toBe("prf_2");
  expect((await afterSignIn(tab, 2, "/", "prf_1")).next).toBe("/profiles");
});

test("who watches as another is known from the next token on, and at the next sign-in", async () => {
  const tab = new Tab();
  const { session } = await afterSignIn(tab, 2);
  const before = session.whoWatches();
  const access = jwt({ sub: "acc_1", profile: "prf_2", kids: "true" });
  tab.issuer.answers.push(() => Response.json({ access_token: access, expires_in: 600 }));

  await session.watchAs("prf_2");

  expect(before).toEqual({ accountId: "acc_1", profileId: "prf_1", isKid: false });
  expect(session.whoWatches()).toEqual({ accountId: "acc_1", profileId: "prf_2", isKid: true });
  expect(tab.open().whoWatches()).toEqual(session.whoWatches());
  expect(tab.lastProfile).toBe("prf_2");
});

test("another tab's token from before the choice is not taken for the choice", async () => {
  const tab = new Tab();
  const { session } = await afterSignIn(tab, 2);
  const copy = new Tab(tab).open();
  for (const profile of ["prf_1", "prf_2"]) {
    tab.issuer.answers.push(() =>
      Response.json({
        access_token: jwt({ sub: "acc_1", profile, kids: "false" }),
        refresh_token: `refresh-${profile}`,
        expires_in: 900,
      }),
    );
  }

  await copy.renew();
  await session.watchAs("prf_2");

  expect(session.whoWatches()?.profileId).toBe("prf_2");
});
