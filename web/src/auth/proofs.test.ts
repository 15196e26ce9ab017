import { expect, test } from "vitest";
import { Proofs } from "./proofs";

const TOKEN = "https://auth.example/token";
const AT = Date.parse("2026-11-01T12:00:00.900Z");

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

const bytes = (part: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const said = (part: string): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(bytes(part))) as Record<string, unknown>;

async function partsOf(proofs: Proofs): Promise<[string, string, string]> {
  const parts = (await proofs.proof(TOKEN, AT))?.split(".") ?? [];
  expect(parts).toHaveLength(3);
  return parts as [string, string, string];
}

test("a proof says for which request it is, and when", async () => {
  const keys = await newKeys();
  const [head, claims] = await partsOf(new Proofs(async () => keys));

  expect(said(claims)).toEqual({
    htm: "POST",
    htu: TOKEN,
    iat: Math.floor(AT / 1000),
    jti: expect.stringMatching(/^[\w-]{43}$/),
  });
  const coordinate = expect.stringMatching(/^[\w-]{43}$/);
  expect(said(head)).toEqual({
    typ: "dpop+jwt",
    alg: "ES256",
    jwk: { kty: "EC", crv: "P-256", x: coordinate, y: coordinate },
  });
});

test("a proof is signed by the key that it shows", async () => {
  const keys = await newKeys();
  const [head, claims, signature] = await partsOf(new Proofs(async () => keys));
  const jwk = said(head)["jwk"] as JsonWebKey;
  const shown = await crypto.subtle.importKey(
    "jwk",
    jwk,
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["verify"],
  );

  const isRight = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    shown,
    bytes(signature),
    new TextEncoder().encode(`${head}.${claims}`),
  );

  expect(isRight).toBe(true);
});

test("two proofs of one moment are two", async () => {
  const keys = await newKeys();
  const proofs = new Proofs(async () => keys);

  expect(said((await partsOf(proofs))[1])["jti"]).not.toBe(said((await partsOf(proofs))[1])["jti"]);
});

test("a browser that keeps no key makes no proof", async () => {
  const forbidden = new Proofs(() => Promise.reject(new DOMException("denied", "SecurityError")));
  const without = new Proofs(() => {
    throw new ReferenceError("indexedDB is not defined");
  });

  expect(await forbidden.proof(TOKEN, AT)).toBeNull();
  expect(await without.proof(TOKEN, AT)).toBeNull();
});
