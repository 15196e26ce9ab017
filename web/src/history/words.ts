/** What the history says of what was watched, and when. */
import type { Progress } from "../api/progress";
import { isFinished } from "../player/resume";
import { clockTime } from "../player/time";

export interface Day {
  readonly name: string;
  readonly places: readonly Progress[];
}

const DAY_MS = 86_400_000;

/** By the days of this machine's time zone; `places` has the latest first. */
export function byDay(places: readonly Progress[], now: Date): readonly Day[] {
  const days: { name: string; places: Progress[] }[] = [];
  for (const place of places) {
    const name = dayName(new Date(place.recordedAt), now);
    const last = days.at(-1);
    if (last?.name === name) last.places.push(place);
    else days.push({ name, places: [place] });
  }
  return days;
}

function dayName(day: Date, now: Date): string {
  if (day.toDateString() === now.toDateString()) return "Today";
  if (day.toDateString() === new Date(now.getTime() - DAY_MS).toDateString()) return "Yesterday";
  const isThisYear = day.getFullYear() === now.getFullYear();
  return day.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    ...(isThisYear ? { weekday: "long" } : { year: "numeric" }),
  });
}

/** "Watched", "12:30 left". */
export function reachedWords(place: Progress): string {
  if (isFinished(place)) return "Watched";
  return `${clockTime(place.durationSeconds - place.positionSeconds)} left`;
}
