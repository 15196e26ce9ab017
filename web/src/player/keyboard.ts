/** What a key does while watching; the same keys as on the large video sites. */

export type KeyCommand =
  | { readonly do: "toggle-play" }
  | { readonly do: "toggle-mute" }
  | { readonly do: "toggle-full-screen" }
  | { readonly do: "seek-by"; readonly seconds: number }
  | { readonly do: "volume-by"; readonly fraction: number };

export const SKIP_SECONDS = 10;
const ARROW_SECONDS = 5;
const VOLUME_STEP = 0.05;

const COMMANDS: Readonly<Record<string, KeyCommand>> = {
  " ": { do: "toggle-play" },
  k: { do: "toggle-play" },
  j: { do: "seek-by", seconds: -SKIP_SECONDS },
  l: { do: "seek-by", seconds: SKIP_SECONDS },
  ArrowLeft: { do: "seek-by", seconds: -ARROW_SECONDS },
  ArrowRight: { do: "seek-by", seconds: ARROW_SECONDS },
  ArrowUp: { do: "volume-by", fraction: VOLUME_STEP },
  ArrowDown: { do: "volume-by", fraction: -VOLUME_STEP },
  m: { do: "toggle-mute" },
  f: { do: "toggle-full-screen" },
  MediaPlayPause: { do: "toggle-play" },
  MediaRewind: { do: "seek-by", seconds: -SKIP_SECONDS },
  MediaFastForward: { do: "seek-by", seconds: SKIP_SECONDS },
};

/** Where the key was pressed: a focused control keeps the keys that operate it. */
export type KeyTarget = "page" | "button" | "seek" | "volume" | "menu";

const KEPT: Readonly<Record<KeyTarget, ReadonlySet<string>>> = {
  page: new Set(),
  button: new Set([" "]),
  seek: new Set(),
  volume: new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]),
  menu: new Set([" ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]),
};

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

export function commandFor(press: KeyPress, target: KeyTarget): KeyCommand | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (KEPT[target].has(key)) return null;
  // On the seek bar up and down mean further and back, as on every slider.
  if (target === "seek" && key === "ArrowUp") return COMMANDS["ArrowRight"] ?? null;
  if (target === "seek" && key === "ArrowDown") return COMMANDS["ArrowLeft"] ?? null;
  return COMMANDS[key] ?? null;
}
