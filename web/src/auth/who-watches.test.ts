import { expect, test } from "vitest";
import { whoWatchesBy } from "./who-watches";

const token = (claims: object): string => `header.${btoa(JSON.stringify(claims))}.signature`;

test("a token says who watches, and whether it is a child", () => {
  expect(whoWatchesBy(token({ profile: "prf_1", kids: "true" }))).toEqual({
    profileId: "prf_1",
    isKid: true,
  });
  expect(whoWatchesBy(token({ profile: "prf_2", kids: "false" }))?.isKid).toBe(false);
});

test.each([null, "", "access-1", "a.b.c", token({})])("%s names nobody", (text) => {
  expect(whoWatchesBy(text)).toBeNull();
});
