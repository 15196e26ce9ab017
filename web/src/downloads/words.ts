/** What is said of a kept title. */
import type { Ended } from "./terms";

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

export function endWords(
  { endsAt, ended }: { readonly endsAt: number; readonly ended: Ended | null },
  now: number,
): string {
  if (ended === "clock") return "This device’s clock went back: set it right";
  const left = endsAt - now;
  if (ended !== null || left <= 0) return "Expired";
  const [count, unit] =
    left >= 2 * DAY_MS ? [Math.floor(left / DAY_MS), "day"] : [Math.ceil(left / HOUR_MS), "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"} left`;
}

export function sizeWords(bytes: number): string {
  const megabytes = bytes / 1_000_000;
  return megabytes < 1000
    ? `${Math.max(1, Math.round(megabytes))} MB`
    : `${(megabytes / 1000).toFixed(1)} GB`;
}
