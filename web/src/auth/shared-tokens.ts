/**
 * One sign-in in several tabs. A duplicated tab holds a copy of the tokens; were both to renew
 * with them, the issuer would rightly take the second for a thief and end the sign-in of both.
 *
 * So the tabs of one sign-in take turns, and each leaves what it got where the others find it:
 * sealed in localStorage, with a secret that only sessionStorage has, and hence only these tabs.
 * When the last of them is closed, what is left there opens no more.
 */
import { base64url } from "./pkce";

export interface TokenSharing {
  /** Runs `work` while no other tab of this sign-in does. */
  alone<T>(secret: string, work: () => Promise<T>): Promise<T>;
  /** What a tab of this sign-in left last; null when none did. */
  latest(secret: string): Promise<unknown>;
  leave(secret: string, value: unknown): Promise<void>;
  /** Nobody of this sign-in is to find anything any more. */
  forget(secret: string): Promise<void>;
}

const PREFIX = "marquee.shared.";
/** As long as a refresh token lives: what was left before opens nothing. */
const KEPT_MS = 30 * 24 * 3_600_000;
const IV_BYTES = 12; // NIST SP 800-38D, section 8.2

interface Left {
  readonly at: number;
  readonly iv: number[];
  readonly sealed: number[];
}

export class BrowserTokenSharing implements TokenSharing {
  constructor(
    private readonly storage: () => Storage,
    private readonly locks: LockManager | undefined,
    private readonly now: () => number,
  ) {}

  async alone<T>(secret: string, work: () => Promise<T>): Promise<T> {
    // Browsers without locks have the issuer's own grace of seconds.
    if (this.locks === undefined) return work();
    return this.locks.request(await nameOf(secret), work);
  }

  async latest(secret: string): Promise<unknown> {
    try {
      const text = this.storage().getItem(await nameOf(secret));
      if (text === null) return null;
      const { iv, sealed } = JSON.parse(text) as Left;
      const opened = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: new Uint8Array(iv) },
        await keyOf(secret),
        new Uint8Array(sealed),
      );
      return JSON.parse(new TextDecoder().decode(opened)) as unknown;
    } catch {
      // Not ours, cut off, or no storage at all: as if nothing was left.
      return null;
    }
  }

  async leave(secret: string, value: unknown): Promise<void> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv },
      await keyOf(secret),
      new TextEncoder().encode(JSON.stringify(value)),
    );
    const left: Left = { at: this.now(), iv: [...iv], sealed: [...new Uint8Array(sealed)] };
    const name = await nameOf(secret);
    try {
      this.#clearAway();
      this.storage().setItem(name, JSON.stringify(left));
    } catch {
      // Full or forbidden: this tab has its tokens; only a copy of it has to sign in again.
    }
  }

  async forget(secret: string): Promise<void> {
    const name = await nameOf(secret);
    try {
      this.storage().removeItem(name);
    } catch {
      // Where nothing may be kept, nothing was.
    }
  }

  #clearAway(): void {
    const storage = this.storage();
    for (const name of Object.keys(storage).filter((each) => each.startsWith(PREFIX))) {
      if (!(leftAt(storage.getItem(name)) > this.now() - KEPT_MS)) storage.removeItem(name);
    }
  }
}

function leftAt(text: string | null): number {
  try {
    return (JSON.parse(text ?? "") as Left).at;
  } catch {
    return Number.NaN;
  }
}

async function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

async function nameOf(secret: string): Promise<string> {
  return PREFIX + base64url(new Uint8Array(await digest(`name of ${secret}`)));
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const raw = await digest(`key of ${secret}`);
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}
