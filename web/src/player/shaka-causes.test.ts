/** The table of causes against Shaka's own list of codes, read from the build that viewers get. */
import { beforeAll, expect, test, vi } from "vitest";
import { failureFrom } from "./failure";
import { CAUSES, PLACES } from "./shaka-causes";

let codes: ReadonlyMap<number, string>;

beforeAll(async () => {
  // Shaka looks for its global when it is loaded, and here is none.
  vi.stubGlobal("self", globalThis);
  const { default: shaka } = await import("shaka-player/dist/shaka-player.dash-es2021.js");
  const named = shaka.util.Error.Code as unknown as Record<string, number>;
  codes = new Map(Object.entries(named).map(([name, code]) => [code, name]));
});

test("each code that Shaka can raise has a cause, and stands in the table once", () => {
  const without = [...codes].filter(([code]) => !CAUSES.has(code)).map(([, name]) => name);

  expect(without).toEqual([]);
  expect(PLACES).toBe(CAUSES.size);
});

test("no cause is kept for a code that Shaka does not have any more", () => {
  const gone = [...CAUSES.keys()].filter((code) => !codes.has(code));

  expect(gone).toEqual([]);
});

test("each failure says what happened and what to do, in sentences", () => {
  for (const code of codes.keys()) {
    const failure = failureFrom({ code, data: [] });
    if (failure === null) continue;
    expect(failure.title, String(code)).toMatch(/^[A-Z].*[^.]$/);
    expect(failure.detail, String(code)).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
  }
});
