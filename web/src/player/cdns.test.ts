import { expect, test } from "vitest";
import { Cdns } from "./cdns";

const ORIGIN = "https://watch.example";
const FIRST = "https://watch.example/m/ses_1/IE/ast_1/v1/";
const SECOND = "https://other.example/t/abc/m/ast_1/v1/";

function cdns(): { cdns: Cdns; pass: (milliseconds: number) => void } {
  let now = 0;
  const made = new Cdns(
    [
      { id: "watch.example", manifestUrl: "/m/ses_1/IE/ast_1/v1/main.mpd" },
      { id: "other.example", manifestUrl: `${SECOND}main.mpd` },
    ],
    ORIGIN,
    () => now,
  );
  return { cdns: made, pass: (milliseconds) => { now += milliseconds; } };
}

test("a file is asked of the first CDN and then of the second", () => {
  const asked = cdns().cdns.addressesOf(`${FIRST}a/1.cmfv`);

  expect(asked).toEqual([`${FIRST}a/1.cmfv`, `${SECOND}a/1.cmfv`]);
});

test("a file that a manifest of the second CDN names is asked of the first as well", () => {
  expect(cdns().cdns.addressesOf(`${SECOND}1.cmfv`)).toEqual([`${FIRST}1.cmfv`, `${SECOND}1.cmfv`]);
});

test("what is not of the play stays where it is", () => {
  expect(cdns().cdns.addressesOf(`${ORIGIN}/v1/titles`)).toEqual([`${ORIGIN}/v1/titles`]);
});

test("a CDN that failed is asked last for a minute", () => {
  const { cdns: two, pass } = cdns();

  two.failed(`${FIRST}1.cmfv`);

  expect(two.addressesOf(`${FIRST}2.cmfv`)[0]).toBe(`${SECOND}2.cmfv`);
  pass(60_000);
  expect(two.addressesOf(`${FIRST}3.cmfv`)[0]).toBe(`${FIRST}3.cmfv`);
});

test("when every CDN failed they are asked in their own order", () => {
  const { cdns: two } = cdns();

  two.failed(`${FIRST}1.cmfv`);
  two.failed(`${SECOND}1.cmfv`);

  expect(two.addressesOf(`${FIRST}2.cmfv`)).toEqual([`${FIRST}2.cmfv`, `${SECOND}2.cmfv`]);
});

test("one CDN is asked alone", () => {
  const only = { id: "watch.example", manifestUrl: "/m/ses_1/IE/ast_1/v1/main.mpd" };
  const one = new Cdns([only], ORIGIN, () => 0);

  one.failed(`${FIRST}1.cmfv`);

  expect(one.addressesOf(`${FIRST}1.cmfv`)).toEqual([`${FIRST}1.cmfv`]);
});

test("what beacons tell is where the film comes from, and once what failed before", () => {
  const { cdns: two } = cdns();

  two.failed(`${FIRST}1.cmfv`);
  two.served(`${SECOND}1.cmfv`);
  two.served(`${ORIGIN}/v1/titles`);

  expect(two.met()).toEqual({ cdn: "other.example", failedCdns: ["watch.example"] });
  expect(two.met()).toEqual({ cdn: "other.example" });
});

test("before the first part there is nothing to tell, and of one CDN there never is", () => {
  const only = new Cdns([{ id: "a", manifestUrl: "/m/a/1/main.mpd" }], ORIGIN, () => 0);
  only.served(`${ORIGIN}/m/a/1/1.cmfv`);

  expect(cdns().cdns.met()).toEqual({});
  expect(only.met()).toEqual({});
});
