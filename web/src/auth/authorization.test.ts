import { expect, test } from "vitest";
import { authorizeUrl, checkNonce, codeFrom, newTransaction, SignInError } from "./authorization";
import { challengeOf } from "./pkce";

const CONFIG = { issuer: "https://auth.example", clientId: "web", api: "/v1", beacons: "https://beacons.example/v1/beacons" };

function idToken(claims: object): string {
  return `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.sig`;
}

test("the request carries the challenge and never the verifier", async () => {
  const transaction = newTransaction("/watch/ttl_1");

  const url = new URL(await authorizeUrl(CONFIG, "https://watch.example", transaction));

  expect(url.origin + url.pathname).toBe("https://auth.example/authorize");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    response_type: "code",
    client_id: "web",
    redirect_uri: "https://watch.example/callback",
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await challengeOf(transaction.verifier),
    code_challenge_method: "S256",
  });
  expect(url.href).not.toContain(transaction.verifier);
});

test.each([
  ["/staff", "openid member staff"],
  ["/staff/members", "openid member staff"],
  ["/staff?x=1", "openid member staff"],
  ["/", "openid member"],
  ["/title/staff", "openid member"],
])("whoever signs in for %s asks for %s", async (returnTo, scope) => {
  const url = await authorizeUrl(CONFIG, "https://watch.example", newTransaction(returnTo));

  expect(new URL(url).searchParams.get("scope")).toBe(scope);
});

test.each([
  [true, "login"],
  [false, null],
])("a step-up (%s) has the person asked again", async (isStepUp, prompt) => {
  const transaction = newTransaction("/devices");

  const url = await authorizeUrl(CONFIG, "https://watch.example", transaction, { isStepUp });

  expect(new URL(url).searchParams.get("prompt")).toBe(prompt);
});

test("a member who asked to work as staff is told", () => {
  const transaction = newTransaction("/staff");

  expect(() => codeFrom(`?error=invalid_scope&state=${transaction.state}`, transaction)).toThrow(
    "no staff account",
  );
});

test("an answer to our own request gives its code", () => {
  const transaction = newTransaction("/");

  expect(codeFrom(`?code=abc&state=${transaction.state}`, transaction)).toBe("abc");
});

test.each([
  ["with another state", "?code=abc&state=forged"],
  ["without a state", "?code=abc"],
])("an answer %s is refused", (_, search) => {
  expect(() => codeFrom(search, newTransaction("/"))).toThrow(SignInError);
});

test("an answer that nobody asked for is refused", () => {
  expect(() => codeFrom("?code=abc&state=s", null)).toThrow(SignInError);
});

test("a cancelled sign-in says so", () => {
  const transaction = newTransaction("/");

  expect(() => codeFrom(`?error=access_denied&state=${transaction.state}`, transaction)).toThrow(
    "The sign-in was cancelled.",
  );
});

test("a sign-in service in trouble says when to try again", () => {
  const transaction = newTransaction("/");

  expect(() =>
    codeFrom(`?error=temporarily_unavailable&state=${transaction.state}`, transaction),
  ).toThrow("Try again in a moment.");
});

test("an ID token must carry the nonce of this sign-in", () => {
  expect(() => checkNonce(idToken({ nonce: "n" }), "n")).not.toThrow();
  expect(() => checkNonce(idToken({ nonce: "other" }), "n")).toThrow(SignInError);
  expect(() => checkNonce(idToken({}), "n")).toThrow(SignInError);
  expect(() => checkNonce("nonsense", "n")).toThrow(SignInError);
});
