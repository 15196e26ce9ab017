/**
 * Whose account this browser is at: of who is signed in or, where nobody can sign in without the
 * network, of who was signed in last and did not sign out. It grants nothing: it says whose the
 * things are that this browser keeps.
 */

const ACCOUNT = "marquee.account";

export class LastAccount {
  constructor(private readonly storage: () => Pick<Storage, "getItem" | "setItem" | "removeItem">) {}

  /** The account's id; null where there is none. */
  read(): string | null {
    try {
      return this.storage().getItem(ACCOUNT);
    } catch {
      return null;
    }
  }

  keep(accountId: string): void {
    try {
      this.storage().setItem(ACCOUNT, accountId);
    } catch {
      // Where nothing may be kept, nothing is anybody's.
    }
  }

  /** Somebody signs out here; what another account keeps is not theirs to hide. */
  forget(accountId: string): void {
    try {
      if (this.read() === accountId) this.storage().removeItem(ACCOUNT);
    } catch {
      // As above.
    }
  }
}
