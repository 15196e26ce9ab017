/** Members' accounts, for staff. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Block {
  readonly reason: string;
  /** What staff wrote of it for each other; may be empty. */
  readonly note: string;
  /** The account of whoever blocked it. */
  readonly by: string;
  readonly at: string;
}

export interface Member {
  readonly accountId: string;
  readonly email: string;
  readonly isVerified: boolean;
  readonly createdAt: string;
  readonly isStaff: boolean;
  readonly devices: number;
  readonly devicesAllowed: number;
  readonly sessions: number;
  /** Whether a code is asked for after the password. */
  readonly isTwoStep: boolean;
  readonly passkeys: number;
  /** When it will be gone, if its owner deleted it. */
  readonly deletionDue: string | null;
  readonly block: Block | null;
}

export class MembersApi {
  constructor(private readonly client: ApiClient) {}

  /** The account with exactly that address, which travels in a body: addresses are kept in logs. */
  async find(email: string): Promise<Member> {
    return memberFrom(await this.client.post("/staff/accounts/find", { email }));
  }

  async see(accountId: string): Promise<Member> {
    return memberFrom(await this.client.get(this.#path(accountId)));
  }

  async block(accountId: string, reason: string, note: string): Promise<Member> {
    return memberFrom(await this.client.put(`${this.#path(accountId)}/block`, { reason, note }));
  }

  async unblock(accountId: string): Promise<Member> {
    return memberFrom(await this.client.delete(`${this.#path(accountId)}/block`));
  }

  /** Takes app, recovery codes and passkeys off it; the owner is told why. */
  async removeSecondSteps(accountId: string, reason: string): Promise<Member> {
    const path = `${this.#path(accountId)}/remove-second-steps`;
    return memberFrom(await this.client.post(path, { reason }));
  }

  #path(accountId: string): string {
    return `/staff/accounts/${encodeURIComponent(accountId)}`;
  }
}

function memberFrom(answer: unknown): Member {
  const account = new Fields(answer, "account");
  const block = account.fieldsOrNull("block");
  return {
    accountId: account.text("account_id"),
    email: account.text("email"),
    isVerified: account.flag("email_verified"),
    createdAt: account.text("created_at"),
    isStaff: account.flag("is_staff"),
    devices: account.number("devices"),
    devicesAllowed: account.number("devices_allowed"),
    sessions: account.number("sessions"),
    isTwoStep: account.flag("two_step"),
    passkeys: account.number("passkeys"),
    deletionDue: account.textOrNull("deletion_due"),
    block: block && {
      reason: block.text("reason"),
      note: block.text("note"),
      by: block.text("by"),
      at: block.text("at"),
    },
  };
}
