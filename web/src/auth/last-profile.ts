/** As whom this browser watched last, to go on so at the next sign-in. It grants nothing. */

const PROFILE = "marquee.profile";

export class LastProfile {
  constructor(private readonly storage: () => Pick<Storage, "getItem" | "setItem">) {}

  /** The profile's id; empty where none is known. */
  read(): string {
    try {
      return this.storage().getItem(PROFILE) ?? "";
    } catch {
      return "";
    }
  }

  keep(profileId: string): void {
    try {
      this.storage().setItem(PROFILE, profileId);
    } catch {
      // Where nothing may be kept, each sign-in asks.
    }
  }
}
