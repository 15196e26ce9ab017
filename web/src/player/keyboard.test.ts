import { expect, test } from "vitest";
import { commandFor, type KeyTarget } from "./keyboard";

const press = (key: string, target: KeyTarget = "page", ctrlKey = false) =>
  commandFor({ key, ctrlKey, altKey: false, metaKey: false }, target);

test.each([
  [" ", { do: "toggle-play" }],
  ["k", { do: "toggle-play" }],
  ["K", { do: "toggle-play" }],
  ["j", { do: "seek-by", seconds: -10 }],
  ["l", { do: "seek-by", seconds: 10 }],
  ["ArrowLeft", { do: "seek-by", seconds: -5 }],
  ["ArrowRight", { do: "seek-by", seconds: 5 }],
  ["m", { do: "toggle-mute" }],
  ["f", { do: "toggle-full-screen" }],
  ["x", null],
])("%s does %o", (key, command) => {
  expect(press(key)).toEqual(command);
});

test("a focused button keeps the space bar, and only that", () => {
  expect(press(" ", "button")).toBeNull();
  expect(press("k", "button")).toEqual({ do: "toggle-play" });
});

test("an open menu keeps the arrows", () => {
  expect(press("ArrowDown", "menu")).toBeNull();
});

test("on the seek bar up goes further, as on every slider", () => {
  expect(press("ArrowUp", "seek")).toEqual({ do: "seek-by", seconds: 5 });
  expect(press("ArrowUp", "page")).toMatchObject({ do: "volume-by" });
});

test("the browser keeps its own shortcuts", () => {
  expect(press("f", "page", true)).toBeNull();
});
