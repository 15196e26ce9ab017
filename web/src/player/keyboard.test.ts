import { expect, test } from "vitest";
import { commandFor, type KeyTarget, SHORTCUTS } from "./keyboard";

const press = (key: string, target: KeyTarget = "page", ctrlKey = false) =>
  commandFor({ key, ctrlKey, altKey: false, metaKey: false }, target);

const onTelevision = (key: string, target: KeyTarget = "page") =>
  commandFor({ key, ctrlKey: false, altKey: false, metaKey: false }, target, true);

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
  ["?", { do: "toggle-help" }],
  ["Escape", { do: "back" }],
  ["Enter", { do: "enter-controls" }],
  ["MediaPlay", { do: "play" }],
  ["MediaPause", { do: "pause" }],
  ["MediaStop", { do: "back" }],
  ["s", { do: "skip" }],
  ["x", null],
])("%s does %o", (key, command) => {
  expect(press(key)).toEqual(command);
});

test("a focused button keeps what presses it, and arrows lead on from it", () => {
  expect(press(" ", "button")).toBeNull();
  expect(press("Enter", "button")).toBeNull();
  expect(press("k", "button")).toEqual({ do: "toggle-play" });
  expect(press("ArrowRight", "button")).toEqual({ do: "move", direction: "right" });
});

test("what is offered over the picture is pressed as a button, whether controls are seen or not", () => {
  expect(press("Enter", "offer")).toBeNull();
  expect(onTelevision("Enter", "offer")).toBeNull();
  expect(press("s", "offer")).toEqual({ do: "skip" });
  expect(press("ArrowDown", "offer")).toEqual({ do: "move", direction: "down" });
  expect(press("GoBack", "offer")).toEqual({ do: "back" });
});

test("an open menu keeps the arrows, and back closes it", () => {
  expect(press("ArrowDown", "menu")).toBeNull();
  expect(press("GoBack", "menu")).toBeNull();
});

test("on the seek bar left and right seek, up and down lead away", () => {
  expect(press("ArrowRight", "seek")).toEqual({ do: "seek-by", seconds: 5 });
  expect(press("ArrowUp", "seek")).toEqual({ do: "move", direction: "up" });
  expect(press("ArrowDown", "seek")).toEqual({ do: "enter-controls" });
  expect(press("Enter", "seek")).toEqual({ do: "toggle-play" });
});

test("the volume keeps left and right, and is no trap", () => {
  expect(press("ArrowLeft", "volume")).toBeNull();
  expect(press("ArrowUp", "volume")).toEqual({ do: "move", direction: "up" });
});

test("up and down set the volume with a keyboard, and on a television lead to the controls", () => {
  expect(press("ArrowUp")).toMatchObject({ do: "volume-by" });
  expect(onTelevision("ArrowUp")).toEqual({ do: "enter-controls" });
  expect(onTelevision("ArrowDown")).toEqual({ do: "enter-controls" });
  expect(onTelevision("ArrowLeft")).toMatchObject({ do: "seek-by" });
});

test("with the help open nothing reaches the film", () => {
  expect(press("k", "help")).toBeNull();
  expect(press("?", "help")).toEqual({ do: "toggle-help" });
  expect(press("Escape", "help")).toEqual({ do: "toggle-help" });
});

test("the browser keeps its own shortcuts", () => {
  expect(press("f", "page", true)).toBeNull();
});

test("each key that the help names does something", () => {
  for (const key of SHORTCUTS.flatMap(([keys]) => keys)) expect(press(key), key).not.toBeNull();
});
