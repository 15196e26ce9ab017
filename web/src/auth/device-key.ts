/** By what the issuer knows this browser again at its next sign-in: random, and grants nothing. */
import { randomToken } from "./pkce";

const DEVICE = "marquee.device";
const MADE_HERE = /^[\w-]{43}$/;

/** Unlike the tokens it outlives the tab: the same browser is the same device tomorrow. */
export function deviceKey(storage: Pick<Storage, "getItem" | "setItem">): string {
  const made = randomToken();
  try {
    const kept = storage.getItem(DEVICE);
    if (kept !== null && MADE_HERE.test(kept)) return kept;
    storage.setItem(DEVICE, made);
  } catch {
    // Where nothing may be kept, each sign-in is another device's.
  }
  return made;
}
