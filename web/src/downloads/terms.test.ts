import { expect, test } from "vitest";
import { begun, ended, endsAt, seen, type Terms } from "./terms";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_000 * DAY;
const TERMS: Terms = {
  grantedAt: NOW,
  expiresAt: NOW + 30 * DAY,
  firstPlayedAt: null,
  seenAt: NOW,
  playMilliseconds: 48 * HOUR,
};

test("a title may be watched for thirty days, and not a moment longer", () => {
  expect(ended(TERMS, NOW + 30 * DAY - 1)).toBeNull();
  expect(ended(TERMS, NOW + 30 * DAY)).toBe("expired");
});

test("once begun it ends after two days, however often it is begun again", () => {
  const first = begun(TERMS, NOW + DAY);
  const again = begun(first, NOW + 2 * DAY);

  expect(endsAt(again)).toBe(NOW + 3 * DAY);
  expect(ended(again, NOW + 3 * DAY)).toBe("expired");
});

test("begun late, it ends with its thirty days", () => {
  expect(endsAt(begun(TERMS, NOW + 29 * DAY))).toBe(NOW + 30 * DAY);
});

test("a clock that went back gains nothing, one that was put right is forgiven", () => {
  const later = seen(TERMS, NOW + 10 * DAY);

  expect(ended(later, NOW + 10 * DAY - 4 * 60_000)).toBeNull();
  expect(ended(later, NOW + 9 * DAY)).toBe("clock");
  expect(seen(later, NOW).seenAt).toBe(NOW + 10 * DAY);
});

test("a clock from before the grant is not believed", () => {
  expect(ended(TERMS, NOW - DAY)).toBe("clock");
});
