import { expect, test } from "vitest";
import { heightsOf, qualityOptions, renditionAt } from "./quality";

const RENDITIONS = [
  { height: 360, bandwidth: 800 },
  { height: 1080, bandwidth: 5000 },
  { height: 360, bandwidth: 500 },
  { height: null, bandwidth: 100 },
];

test("each height is offered once, the tallest first", () => {
  expect(heightsOf(RENDITIONS)).toEqual([1080, 360]);
});

test("auto is selected until a height is chosen, and says what it shows", () => {
  const options = qualityOptions([1080, 360], null, 360);

  expect(options.map(({ label }) => label)).toEqual(["Auto (360p)", "1080p", "360p"]);
  expect(options.filter(({ selected }) => selected).map(({ choice }) => choice)).toEqual([null]);
});

test("a chosen height is the only one selected", () => {
  const options = qualityOptions([1080, 360], 360, 1080);

  expect(options.map(({ label, selected }) => [label, selected])).toEqual([
    ["Auto", false],
    ["1080p", false],
    ["360p", true],
  ]);
});

test("the best rendition of a height is taken", () => {
  expect(renditionAt(RENDITIONS, 360)).toEqual({ height: 360, bandwidth: 800 });
  expect(renditionAt(RENDITIONS, 720)).toBeNull();
});

test("a portrait is called by its shorter side", () => {
  const portrait = { width: 360, height: 640, bandwidth: 800 };

  expect(heightsOf([portrait])).toEqual([360]);
  expect(renditionAt([portrait], 360)).toEqual(portrait);
});
