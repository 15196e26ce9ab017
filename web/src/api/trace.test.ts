import { expect, test } from "vitest";
import { newTraceparent } from "./trace";

test("every request gets an id of its own in the form of Trace Context", () => {
  const [first, second] = [newTraceparent(), newTraceparent()];

  expect(first).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(first).not.toBe(second);
});
