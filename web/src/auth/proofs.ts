/**
 * Proofs (DPoP, RFC 9449) that this browser holds the key to which its refresh tokens are bound: one
 * copied out of a tab is worth nothing elsewhere.
 *
 * The key is one of the browser's, for all its tabs, and no script can read it (Web Cryptography,
 * extractable: false). In a chunk of its own: nothing that a first picture waits for asks for a proof.
 */
import { BrowserDatabase } from "../browser-database";
import { base64url, randomToken } from "./pkce";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

export interface ProofMaker {
  /**
   * A proof for one POST to an address at a moment, in epoch milliseconds by the issuer's clock.
   * Null where this browser keeps no key: its refresh tokens are then for whoever bears them.
   */
  proof(url: string, at: number): Promise<string | null>;
}

export class Proofs implements ProofMaker {
  constructor(private readonly keys: () => Promise<CryptoKeyPair>) {}

  async proof(url: string, at: number): Promise<string | null> {
    let keys: CryptoKeyPair;
    try {
      keys = await this.keys();
    } catch {
      // No database, one that is closed to this window, or one that takes no keys.
      return null;
    }
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
    const head = { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
    const claims = { htm: "POST", htu: url, jti: randomToken(), iat: Math.floor(at / 1000) };
    const signed = [head, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
    const hashed = { name: "ECDSA", hash: "SHA-256" };
    const signature = await crypto.subtle.sign(hashed, keys.privateKey, utf8(signed));
    return `${signed}.${base64url(new Uint8Array(signature))}`;
  }
}

const database = new BrowserDatabase("marquee-sign-in", (made) => {
  made.createObjectStore("keys");
});

export const thisBrowsers: ProofMaker = new Proofs(() =>
  database.once("keys", "proving", () => crypto.subtle.generateKey(ALGORITHM, false, ["sign"])),
);

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
