/** Moments of a film as staff write and read them: 1:32:05.5. */

const CLOCK = /^(?:(?:(\d+):)?([0-5]?\d):)?([0-5]?\d(?:\.\d{1,3})?)$/;
const SECONDS = /^\d+(?:\.\d{1,3})?$/;

/** Null for nothing, NaN for what is no moment: "1:15", "1:01:15.5", "75". */
export function momentFrom(text: string): number | null {
  const written = text.trim();
  if (written === "") return null;
  const clock = CLOCK.exec(written);
  if (clock !== null) {
    const [hours, minutes, seconds] = clock.slice(1).map((part) => Number(part ?? 0));
    return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  }
  return SECONDS.test(written) ? Number(written) : Number.NaN;
}

/** "" for null. */
export function writtenMoment(seconds: number | null): string {
  if (seconds === null) return "";
  const thousandths = Math.round(seconds * 1000);
  const whole = Math.floor(thousandths / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const fraction = String(thousandths % 1000).padStart(3, "0").replace(/0+$/, "");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const clock =
    hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  return fraction === "" ? clock : `${clock}.${fraction}`;
}
