/** What an account was told by mail, for staff. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Letter {
  readonly template: string;
  readonly toldAt: string;
  readonly isSent: boolean;
}

/** Why nothing is sent to an address any more. */
export interface Undeliverable {
  /** `bounce` or `complaint`. */
  readonly kind: string;
  readonly at: string;
}

export interface Letters {
  readonly letters: readonly Letter[];
  /** Of the account's addresses; usually none. */
  readonly undeliverable: readonly Undeliverable[];
}

export class LettersApi {
  constructor(private readonly client: ApiClient) {}

  async of(accountId: string): Promise<Letters> {
    const path = `/staff/accounts/${encodeURIComponent(accountId)}/letters`;
    const answer = new Fields(await this.client.get(path), "letters");
    return {
      letters: answer.list("letters").map((letter) => ({
        template: letter.text("template"),
        toldAt: letter.text("told_at"),
        isSent: letter.flag("sent"),
      })),
      undeliverable: answer.list("undeliverable").map((mark) => ({
        kind: mark.text("kind"),
        at: mark.text("at"),
      })),
    };
  }
}
