import { expect, test } from "vitest";
import { planLimits, planName } from "./plan-words";

test("a plan is told by what it allows", () => {
  const basic = { plan: "basic", streams: 1, devices: 3, downloads: 0, quality: 1080 };
  expect(planLimits(basic)).toEqual([
    "1 screen at the same time",
    "3 devices",
    "No downloads",
    "Pictures up to 1080p",
  ]);
  const premium = { plan: "premium", streams: 4, devices: 10, downloads: 1, quality: 2160 };
  expect(planLimits(premium)).toEqual([
    "4 screens at the same time",
    "10 devices",
    "1 download",
    "Pictures up to 4K",
  ]);
});

test("a plan that is newer than this page is called by its own name", () => {
  expect(planName("premium")).toBe("Premium");
  expect(planName("house")).toBe("house");
});
