/** What the page of members says. Pure. */
import { ApiError } from "../api/problem";
import type { Undeliverable } from "../api/letters";
import type { Member } from "../api/members";
import { moment } from "../devices/words";
import { errorWords } from "../ui/error-words";

/** Why an account is blocked, as staff and owner both read it. */
export const REASONS: readonly (readonly [value: string, name: string])[] = [
  ["sharing", "Used by more than one household"],
  ["taken_over", "Used by somebody else than its owner"],
  ["terms", "Used against the terms of use"],
];

/** Why second steps are taken off an account, as staff read it. */
export const SECOND_STEP_REASONS: readonly (readonly [value: string, name: string])[] = [
  ["lost", "Its owner lost phone and recovery codes"],
  ["not_theirs", "They were set up by somebody else"],
];

export const reasonName = (reason: string): string =>
  REASONS.find(([value]) => value === reason)?.[1] ?? reason;

export function findWords(error: unknown): string {
  if (error instanceof ApiError && error.code === "account_not_found") {
    return "No account has this address.";
  }
  return errorWords(error);
}

function sessionWords(sessions: number): string {
  if (sessions === 0) return "Nowhere";
  return sessions === 1 ? "Once" : `${sessions} times`;
}

/** What somebody signs in with beside the password. */
export function secondStepWords({ isTwoStep, passkeys }: Member): string {
  const named = [
    ...(isTwoStep ? ["Authenticator app"] : []),
    ...(passkeys === 0 ? [] : [passkeys === 1 ? "1 passkey" : `${passkeys} passkeys`]),
  ];
  return named.length === 0 ? "None" : named.join(", ");
}

/** What is known of an account, by name. */
export function memberFacts(member: Member): readonly (readonly [name: string, value: string])[] {
  return [
    ["Account", member.accountId],
    ["Created", moment(member.createdAt)],
    ["Address", member.isVerified ? "Verified" : "Not verified"],
    ["Devices", `${member.devices} of ${member.devicesAllowed}`],
    ["Signed in", sessionWords(member.sessions)],
    ["Second steps", secondStepWords(member)],
    ...(member.isStaff ? [["Access", "Staff"] as const] : []),
    ...(member.deletionDue === null
      ? []
      : [["Deleted by its owner", `gone after ${moment(member.deletionDue)}`] as const]),
  ];
}

/** A letter by its template's name: `password_changed` is "Password changed". */
export function letterName(template: string): string {
  const words = template.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Why nothing is sent to an address any more. */
export function undeliverableWords({ kind, at }: Undeliverable): string {
  const why = kind === "complaint" ? "A letter was reported as spam" : "A letter came back";
  return `${why} on ${moment(at)}. Nothing is sent to that address for 14 days.`;
}
