import { expect, test } from "vitest";
import { BrowserTokenSharing } from "./shared-tokens";

const DAY = 24 * 3_600_000;

/** A localStorage: its entries are its own enumerable properties. */
function storage(): Storage {
  const made = {} as Record<string, string>;
  const method = (value: unknown): PropertyDescriptor => ({ value, enumerable: false });
  return Object.defineProperties(made, {
    getItem: method((name: string) => made[name] ?? null),
    setItem: method((name: string, value: string) => void (made[name] = value)),
    removeItem: method((name: string) => void delete made[name]),
  }) as unknown as Storage;
}

test("what a tab leaves is found by its copies, and read by nobody else", async () => {
  const shared = storage();
  const tab = new BrowserTokenSharing(() => shared, undefined, () => 0);

  await tab.leave("secret", { refresh: "r2" });

  expect(await tab.latest("secret")).toEqual({ refresh: "r2" });
  expect(await tab.latest("another")).toBeNull();
  expect(JSON.stringify(shared)).not.toContain("r2");
});

test("what was altered is as if nothing was left", async () => {
  const shared = storage();
  const tab = new BrowserTokenSharing(() => shared, undefined, () => 0);
  await tab.leave("secret", { refresh: "r2" });
  const [name = ""] = Object.keys(shared);

  shared.setItem(name, (shared.getItem(name) ?? "").replace(/"sealed":\[\d+/, '"sealed":[7'));
  expect(await tab.latest("secret")).toBeNull();

  shared.setItem(name, "<script>");
  expect(await tab.latest("secret")).toBeNull();
});

test("what closed tabs left is cleared away once it opens nothing", async () => {
  const shared = storage();
  let now = 0;
  const tab = new BrowserTokenSharing(() => shared, undefined, () => now);
  shared.setItem("marquee.device", "d");
  await tab.leave("old", 1);
  now = 31 * DAY;

  await tab.leave("new", 2);

  expect(await tab.latest("old")).toBeNull();
  expect(await tab.latest("new")).toBe(2);
  expect(shared.getItem("marquee.device")).toBe("d");
});

test("whoever signs out leaves nothing behind", async () => {
  const shared = storage();
  const tab = new BrowserTokenSharing(() => shared, undefined, () => 0);
  await tab.leave("secret", 1);

  await tab.forget("secret");

  expect(Object.keys(shared)).toEqual([]);
});

test("a browser that keeps nothing goes on without", async () => {
  const forbidding = (): Storage => {
    throw new DOMException("denied", "SecurityError");
  };
  const tab = new BrowserTokenSharing(forbidding, undefined, () => 0);

  await tab.leave("secret", 1);
  await tab.forget("secret");

  expect(await tab.latest("secret")).toBeNull();
  expect(await tab.alone("secret", async () => 3)).toBe(3);
});
