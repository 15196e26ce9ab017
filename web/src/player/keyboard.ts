/** What a key does while watching: on a keyboard as on the large video sites, on a remote as on TV. */
import type { Direction } from "../ui/spatial";
import { type KeyPress, keyName } from "../ui/remote";

export type KeyCommand =
  | { readonly do: "toggle-play" }
  | { readonly do: "play" }
  | { readonly do: "pause" }
  | { readonly do: "toggle-mute" }
  | { readonly do: "toggle-full-screen" }
  | { readonly do: "seek-by"; readonly seconds: number }
  | { readonly do: "volume-by"; readonly fraction: number }
  /** To the bar of controls, with the focus on the main one. */
  | { readonly do: "enter-controls" }
  /** To the control that lies in a direction. */
  | { readonly do: "move"; readonly direction: Direction }
  /** What is offered over the picture: past the intro, or to the next episode. */
  | { readonly do: "skip" }
  | { readonly do: "toggle-help" }
  | { readonly do: "back" };

export const SKIP_SECONDS = 10;
const ARROW_SECONDS = 5;
const VOLUME_STEP = 0.05;

const ANYWHERE: Readonly<Record<string, KeyCommand>> = {
  " ": { do: "toggle-play" },
  k: { do: "toggle-play" },
  j: { do: "seek-by", seconds: -SKIP_SECONDS },
  l: { do: "seek-by", seconds: SKIP_SECONDS },
  m: { do: "toggle-mute" },
  f: { do: "toggle-full-screen" },
  s: { do: "skip" },
  "?": { do: "toggle-help" },
  GoBack: { do: "back" },
  MediaPlayPause: { do: "toggle-play" },
  MediaPlay: { do: "play" },
  MediaPause: { do: "pause" },
  MediaStop: { do: "back" },
  MediaRewind: { do: "seek-by", seconds: -SKIP_SECONDS },
  MediaFastForward: { do: "seek-by", seconds: SKIP_SECONDS },
};

const SEEK: Readonly<Record<string, KeyCommand>> = {
  ArrowLeft: { do: "seek-by", seconds: -ARROW_SECONDS },
  ArrowRight: { do: "seek-by", seconds: ARROW_SECONDS },
};

const MOVE: Readonly<Record<string, KeyCommand>> = {
  ArrowLeft: { do: "move", direction: "left" },
  ArrowRight: { do: "move", direction: "right" },
  ArrowUp: { do: "move", direction: "up" },
  ArrowDown: { do: "move", direction: "down" },
};

/** Where the key was pressed: a focused control has the keys that operate it. */
export type KeyTarget = "page" | "button" | "offer" | "seek" | "volume" | "menu" | "help";

type Keys = Readonly<Record<string, KeyCommand | null>>;

/** Null leaves the key to the control itself. */
const AT: Readonly<Record<KeyTarget, Keys>> = {
  page: {
    ...ANYWHERE,
    ...SEEK,
    Enter: { do: "enter-controls" },
    ArrowUp: { do: "volume-by", fraction: VOLUME_STEP },
    ArrowDown: { do: "volume-by", fraction: -VOLUME_STEP },
  },
  button: { ...ANYWHERE, ...MOVE, " ": null, Enter: null },
  // Seen without the controls.
  offer: { ...ANYWHERE, ...MOVE, " ": null, Enter: null },
  // The bar is wide: "down" means the main control, not what happens to lie below its middle.
  seek: { ...ANYWHERE, ...MOVE, ...SEEK, Enter: { do: "toggle-play" }, ArrowDown: { do: "enter-controls" } },
  volume: { ...ANYWHERE, ...MOVE, ArrowLeft: null, ArrowRight: null },
  menu: { ...ANYWHERE, " ": null, GoBack: null },
  help: { "?": { do: "toggle-help" }, GoBack: { do: "toggle-help" } },
};

/** `isTelevision`: nothing points at the screen, so that arrows must lead to the controls, too. */
export function commandFor(
  press: KeyPress,
  target: KeyTarget,
  isTelevision = false,
): KeyCommand | null {
  const name = keyName(press);
  if (name === null) return null;
  const key = name.length === 1 ? name.toLowerCase() : name;
  const isUpOrDown = key === "ArrowUp" || key === "ArrowDown";
  if (isTelevision && target === "page" && isUpOrDown) return { do: "enter-controls" };
  return AT[target][key] ?? null;
}

/** What the help says, in the order of use; each key as `KeyboardEvent.key` has it. */
export const SHORTCUTS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [[" ", "k"], "Play or pause"],
  [["ArrowLeft", "ArrowRight"], `${ARROW_SECONDS} seconds back or forward`],
  [["j", "l"], `${SKIP_SECONDS} seconds back or forward`],
  [["ArrowUp", "ArrowDown"], "Louder or quieter"],
  [["m"], "Mute"],
  [["f"], "Full screen"],
  [["s"], "Skip the intro, or on to the next episode, while that is offered"],
  [["Enter"], "To the controls; arrows move between them"],
  [["Escape"], "Back"],
  [["?"], "This list"],
];
