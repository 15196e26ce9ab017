import { expect, test } from "vitest";
import { segmentNames } from "./manifest";

test("segments are named by number, filled up with zeros, from the first", () => {
  const runs = [
    { start: 0, length: 4, repeats: 1 },
    { start: null, length: 2, repeats: 0 },
  ];

  expect(segmentNames("main_480p_$Number%09d$.cmfv", 7, runs)).toEqual([
    "main_480p_000000007.cmfv",
    "main_480p_000000008.cmfv",
    "main_480p_000000009.cmfv",
  ]);
});

test("segments may be named by their time", () => {
  const runs = [{ start: 10, length: 4, repeats: 2 }];

  expect(segmentNames("$Time$.m4s", 1, runs)).toEqual(["10.m4s", "14.m4s", "18.m4s"]);
});

test("a timeline without end is not kept", () => {
  expect(() => segmentNames("$Number$", 1, [{ start: 0, length: 4, repeats: -1 }])).toThrow();
});
