import { expect, test } from "vitest";
import type { Member } from "../api/members";
import { ApiError, ConnectionError } from "../api/problem";
import { findWords, letterName, memberFacts, reasonName, undeliverableWords } from "./members-words";

const ADA: Member = {
  accountId: "acc_1",
  email: "ada@example.com",
  isVerified: true,
  createdAt: "2026-11-01T12:00:00+00:00",
  isStaff: false,
  devices: 1,
  devicesAllowed: 3,
  sessions: 1,
  isTwoStep: false,
  passkeys: 0,
  deletionDue: null,
  block: null,
};

const facts = (changes: Partial<Member>): Map<string, string> =>
  new Map(memberFacts({ ...ADA, ...changes }));

test("an account is told by its facts", () => {
  expect(facts({}).get("Devices")).toBe("1 of 3");
  expect(facts({}).get("Signed in")).toBe("Once");
  expect(facts({ sessions: 11 }).get("Signed in")).toBe("11 times");
  expect(facts({ sessions: 0 }).get("Signed in")).toBe("Nowhere");
  expect(facts({}).has("Access")).toBe(false);
  expect(facts({ isStaff: true }).get("Access")).toBe("Staff");
});

test("an account is told by what it asks for beside the password", () => {
  expect(facts({}).get("Second steps")).toBe("None");
  expect(facts({ isTwoStep: true }).get("Second steps")).toBe("Authenticator app");
  expect(facts({ passkeys: 1 }).get("Second steps")).toBe("1 passkey");
  expect(facts({ isTwoStep: true, passkeys: 2 }).get("Second steps")).toBe(
    "Authenticator app, 2 passkeys",
  );
});

test("an account that its owner deleted says when it is gone", () => {
  expect(facts({}).has("Deleted by its owner")).toBe(false);
  expect(facts({ deletionDue: ADA.createdAt }).get("Deleted by its owner")).toContain("gone after");
});

test("an address of nobody is said to be so, and all else as anywhere", () => {
  expect(findWords(new ApiError(404, "account_not_found", "", "No."))).toContain("No account");
  expect(findWords(new ConnectionError("x"))).toContain("out of reach");
});

test("a reason that is newer than this page is called by its own name", () => {
  expect(reasonName("sharing")).toContain("household");
  expect(reasonName("other")).toBe("other");
});

test("a letter has the name of its template", () => {
  expect(letterName("password_changed")).toBe("Password changed");
});

test("why nothing is sent any more is said", () => {
  expect(undeliverableWords({ kind: "bounce", at: ADA.createdAt })).toMatch(/came back/);
  expect(undeliverableWords({ kind: "complaint", at: ADA.createdAt })).toMatch(/spam/);
});
