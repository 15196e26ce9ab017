import { expect, test } from "vitest";
import { nextState, type PlayerSignal, type PlayerState } from "./state";

const after = (...signals: PlayerSignal[]): PlayerState =>
  signals.reduce<PlayerState>(nextState, "loading");

test("loading lasts until the first picture", () => {
  expect(after("waiting")).toBe("loading");
  expect(after("waiting", "playing")).toBe("playing");
});

test("a picture that waits for data is buffering", () => {
  expect(after("playing", "waiting")).toBe("buffering");
  expect(after("playing", "waiting", "playing")).toBe("playing");
});

test("the end stays the end although the element also reports a pause", () => {
  expect(after("playing", "paused", "ended")).toBe("ended");
  expect(after("playing", "ended", "paused")).toBe("ended");
});

test("a browser that wants a click first shows a paused player", () => {
  expect(after("ready-but-waiting-for-a-click")).toBe("paused");
});

test("a failure holds until a new start, whatever the element still reports", () => {
  expect(after("playing", "failed", "paused", "waiting", "playing")).toBe("error");
  expect(after("failed", "restarted")).toBe("loading");
});
