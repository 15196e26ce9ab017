import { expect, test } from "vitest";
import { keyName } from "./remote";

const plain = { ctrlKey: false, altKey: false, metaKey: false };

test.each([
  ["Escape", "GoBack"],
  ["BrowserBack", "GoBack"],
  ["GoBack", "GoBack"],
  ["XF86Back", "GoBack"],
  ["Enter", "Enter"],
  ["MediaTrackNext", "MediaFastForward"],
  ["ArrowUp", "ArrowUp"],
  ["k", "k"],
])("%s is %s", (key, name) => {
  expect(keyName({ ...plain, key })).toBe(name);
});

test.each([
  [461, "GoBack"],
  [10009, "GoBack"],
  [415, "MediaPlay"],
  [19, "MediaPause"],
])("a set that only numbers its keys means by %d %s", (keyCode, name) => {
  expect(keyName({ ...plain, key: "Unidentified", keyCode })).toBe(name);
});

test("with a modifier it is the browser's key", () => {
  expect(keyName({ ...plain, key: "ArrowLeft", altKey: true })).toBeNull();
});
