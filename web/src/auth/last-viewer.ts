/**
 * Who watches in this browser: who is signed in or, where nobody can sign in without the network,
 * who was signed in last and did not sign out. It grants nothing: it says whose the things are that
 * this browser keeps.
 */

export interface Viewer {
  readonly accountId: string;
  readonly profileId: string;
}

const VIEWER = "marquee.viewer";

export class LastViewer {
  constructor(private readonly storage: () => Pick<Storage, "getItem" | "setItem" | "removeItem">) {}

  /** Null where there is none. */
  read(): Viewer | null {
    try {
      const [accountId = "", profileId = ""] = (this.storage().getItem(VIEWER) ?? "").split(" ");
      return accountId === "" || profileId === "" ? null : { accountId, profileId };
    } catch {
      return null;
    }
  }

  keep({ accountId, profileId }: Viewer): void {
    try {
      this.storage().setItem(VIEWER, `${accountId} ${profileId}`);
    } catch {
      // Where nothing may be kept, nothing is anybody's.
    }
  }

  /** An account signs out here; what another one keeps is not theirs to hide. */
  forget(accountId: string): void {
    try {
      if (this.read()?.accountId === accountId) this.storage().removeItem(VIEWER);
    } catch {
      // As above.
    }
  }
}
