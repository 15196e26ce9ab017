/** Sizes, times and states as staff read them. Pure. */
import type { Asset, Step } from "../api/assets";
import type { UploadView } from "./upload";

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** "812 bytes", "4.2 MB": decimal, as drives and lines are sold. */
export function size(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** How long something took: "3 s", "2 min 5 s", "1 h 4 min". */
export function took(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 1) return "under 1 s";
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return withRest(`${minutes} min`, whole % 60, "s");
  return withRest(`${Math.floor(minutes / 60)} h`, minutes % 60, "min");
}

function withRest(first: string, rest: number, unit: string): string {
  return rest === 0 ? first : `${first} ${rest} ${unit}`;
}

/** What is left, no more precise than it is known: "about 4 min left". */
export function left(seconds: number): string {
  if (seconds < 10) return "a few seconds left";
  if (seconds < 60) return `about ${Math.ceil(seconds / 10) * 10} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `about ${minutes} min left`;
  return `about ${withRest(`${Math.floor(minutes / 60)} h`, minutes % 60, "min")} left`;
}

/** Never 100 before it is all there. */
export function percent(done: number, all: number): number {
  return all <= 0 ? 0 : Math.min(100, Math.max(0, Math.floor((done * 100) / all)));
}

export type Tone = "busy" | "good" | "bad" | "still";

const STATUSES: Readonly<Record<string, readonly [words: string, tone: Tone]>> = {
  uploading: ["Unfinished upload", "still"],
  processing: ["Processing", "busy"],
  ready: ["Ready", "good"],
  refused: ["Refused", "bad"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", "still"],
  duplicate: ["Duplicate", "still"],
  abandoned: ["Abandoned", "still"],
};

const SENDING: Readonly<Record<UploadView["state"], readonly [words: string, tone: Tone]>> = {
  checking: ["Checking the file", "busy"],
  sending: ["Uploading", "busy"],
  offline: ["Waiting for a network", "still"],
  paused: ["Paused", "still"],
  finishing: ["Finishing the upload", "busy"],
  stopped: ["Upload stopped", "bad"],
  "wrong-file": ["Another file is needed", "bad"],
  gone: ["Upload ended", "still"],
  done: ["Uploaded", "busy"],
};

/** Where an asset stands; what this tab does for it says more than the service can know. */
export function statusOf(status: string, upload: UploadView | null): readonly [string, Tone] {
  if (status === "uploading" && upload !== null) return SENDING[upload.state];
  return STATUSES[status] ?? [status, "still"];
}

const STEPS: Readonly<Record<string, string>> = {
  upload: "Upload",
  probe: "Look into the file",
  plan: "Plan the renditions",
  transcode: "Transcode and encrypt",
  poster: "Choose the poster",
  manifests: "Write the manifests",
  verify: "Verify every file",
  publish: "Publish",
};

export function stepName(step: Step): string {
  return STEPS[step.name] ?? step.name;
}

/** How long a step took, or has been running at a moment. */
export function stepSeconds(step: Step, now: Date): number {
  return ((step.endedAt ?? now).getTime() - step.startedAt.getTime()) / 1000;
}

const UNDER_WAY = new Set(["uploading", "processing"]);
const RETRYABLE = new Set(["refused", "failed", "cancelled"]);

export const isUnderWay = (asset: Asset): boolean => UNDER_WAY.has(asset.status);

export const mayBeRetried = (asset: Asset): boolean => RETRYABLE.has(asset.status);

/** "1080p, 720p and 480p". */
export function renditions(heights: readonly number[]): string {
  const names = [...heights].reverse().map((height) => `${height}p`);
  const last = names.pop();
  if (last === undefined) return "";
  return names.length === 0 ? last : `${names.join(", ")} and ${last}`;
}

/** A language tag in a file's name, such as `film.pt-BR.srt`, or nothing. */
export function languageOf(fileName: string): string {
  return /\.([a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?)\.[A-Za-z]+$/.exec(fileName)?.[1] ?? "";
}

/** A language by its own name, for the player's menu; empty for what is no language. */
export function nameOfLanguage(tag: string): string {
  try {
    const name = new Intl.DisplayNames([tag], { type: "language", fallback: "none" }).of(tag);
    return name === undefined ? "" : name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
  } catch {
    return "";
  }
}
