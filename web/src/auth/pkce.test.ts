import { expect, test } from "vitest";
import { base64url, challengeOf, randomToken } from "./pkce";

test("the challenge is the one of RFC 7636 appendix B", async () => {
  const challenge = await challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

  expect(challenge).toBe("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("a random token is 43 characters that a verifier may have, and never the same twice", () => {
  const [one, other] = [randomToken(), randomToken()];

  expect(one).toMatch(/^[A-Za-z0-9\-_]{43}$/);
  expect(one).not.toBe(other);
});

test("base64url has no padding, plus or slash", () => {
  expect(base64url(new Uint8Array([251, 255, 254, 0]))).toBe("-__-AA");
});
