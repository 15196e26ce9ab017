/** A plan and its limits, as a person says them. Pure. */
import type { Plan } from "../api/plans";

const NAMES: Readonly<Record<string, string>> = {
  basic: "Basic",
  standard: "Standard",
  premium: "Premium",
};

export const planName = (plan: string): string => NAMES[plan] ?? plan;

const some = (count: number, one: string, more: string): string =>
  `${count} ${count === 1 ? one : more}`;

export function planLimits({ streams, devices, downloads, quality }: Plan): readonly string[] {
  return [
    `${some(streams, "screen", "screens")} at the same time`,
    some(devices, "device", "devices"),
    downloads === 0 ? "No downloads" : some(downloads, "download", "downloads"),
    quality >= 2160 ? "Pictures up to 4K" : `Pictures up to ${quality}p`,
  ];
}
