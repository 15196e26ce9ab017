/** Times and durations as people read and hear them. */

const whole = (seconds: number): number =>
  Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;

const two = (value: number): string => String(value).padStart(2, "0");

/** On a clock face: 0:07, 12:30, 1:02:03. */
export function clockTime(seconds: number): string {
  const total = whole(seconds);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(total % 60)}`
    : `${minutes}:${two(total % 60)}`;
}

/** For a screen reader: "1 hour 2 minutes 3 seconds". */
export function spokenTime(seconds: number): string {
  const total = whole(seconds);
  const parts = [
    [Math.floor(total / 3600), "hour"],
    [Math.floor((total % 3600) / 60), "minute"],
    [total % 60, "second"],
  ] as const;
  const said = parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
  return said.length > 0 ? said.join(" ") : "0 seconds";
}

/** How long a title runs: "1 h 42 min", "12 min", "45 s". */
export function runningTime(seconds: number): string {
  if (whole(seconds) < 60) return `${whole(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ""}`;
}
