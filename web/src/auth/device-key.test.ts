import { expect, test } from "vitest";
import { deviceKey } from "./device-key";

function storage(kept = new Map<string, string>()): Pick<Storage, "getItem" | "setItem"> {
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
  };
}

test("a browser is the same device at its next sign-in, and no other browser is", () => {
  const browser = storage();

  const key = deviceKey(browser);

  expect(key).toMatch(/^[\w-]{43}$/);
  expect(deviceKey(browser)).toBe(key);
  expect(deviceKey(storage())).not.toBe(key);
});

test("what was not made here is replaced", () => {
  const browser = storage(new Map([["marquee.device", "<script>"]]));

  const key = deviceKey(browser);

  expect(key).toMatch(/^[\w-]{43}$/);
  expect(deviceKey(browser)).toBe(key);
});

test("a browser that keeps nothing signs in all the same", () => {
  const forbidding = {
    getItem: () => {
      throw new DOMException("denied", "SecurityError");
    },
    setItem: () => undefined,
  };

  expect(deviceKey(forbidding)).toMatch(/^[\w-]{43}$/);
});
