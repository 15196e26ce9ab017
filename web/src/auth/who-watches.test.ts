import { expect, test } from "vitest";
import { whoWatchesBy } from "./who-watches";

const token = (claims: object): string => `header.${btoa(JSON.stringify(claims))}.signature`;

test("a token says who watches, and whether it is a child", () => {
  expect(whoWatchesBy(token({ sub: "acc_1", profile: "prf_1", kids: "true" }))).toEqual({
    accountId: "acc_1",
    profileId: "prf_1",
    isKid: true,
  });
  expect(whoWatchesBy(token({ sub: "acc_1", profile: "prf_2", kids: "false" }))?.isKid).toBe(false);
});

test.each([null, "", "access-1", "a.b.c", token({}), token({ profile: "prf_1" })])("%s names nobody", (text) => {
  expect(whoWatchesBy(text)).toBeNull();
});
