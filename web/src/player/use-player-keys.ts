import { type RefObject, useEffect } from "react";
import { focusOn, moveFocus } from "../ui/focus";
import { MAIN_CONTROL } from "./controls";
import { commandFor, type KeyCommand, type KeyTarget } from "./keyboard";
import { keyTargetOf } from "./key-target";
import type { Playback } from "./playback";
import { isTelevision } from "./television";
import type { ControlsShown } from "./use-controls-shown";
import type { FullScreen } from "./use-full-screen";

interface Keys {
  readonly playback: Playback;
  readonly frame: RefObject<HTMLElement | null>;
  readonly controls: ControlsShown;
  readonly fullScreen: FullScreen;
  readonly setHelpOpen: (change: (isOpen: boolean) => boolean) => void;
  readonly onBack: () => void;
}

/** Does what keys say; they are the window's, because the film has them without any focus. */
export function usePlayerKeys(keys: Keys): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      // What stands over the film has its own keys, but for the list of ours.
      const dialog = event.target instanceof Element ? event.target.closest("dialog") : null;
      if (dialog !== null && dialog.dataset["keys"] === undefined) return;
      const target = targetOf(event, keys);
      keys.controls.show();
      const command = commandFor(event, target, isTelevision());
      if (command === null) return;
      event.preventDefault();
      const isHeld = command.do === "seek-by" || command.do === "volume-by" || command.do === "move";
      if (!event.repeat || isHeld) obey(command, target, keys);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
    // Anew with each picture of the view: what a key does depends on nearly all of it.
  });
}

function targetOf(event: KeyboardEvent, { playback, controls }: Keys): KeyTarget {
  const target = keyTargetOf(event.target);
  if (target === "menu" || target === "help" || target === "offer") return target;
  // Where there is no film, arrows lead to what can be done instead.
  if (playback.view().state === "error") return "button";
  // A control that is not seen must not be pressed: the first key brings the controls back.
  return controls.areShown ? target : "page";
}

function obey(command: KeyCommand, target: KeyTarget, keys: Keys): void {
  const { playback, frame, controls, fullScreen } = keys;
  switch (command.do) {
    case "toggle-play":
      return playback.togglePlay();
    case "play":
      return playback.setPlaying(true);
    case "pause":
      return playback.setPlaying(false);
    case "toggle-mute":
      return playback.toggleMute();
    case "toggle-full-screen":
      return fullScreen.toggle();
    case "seek-by":
      return playback.seekBy(command.seconds);
    case "volume-by":
      return playback.setVolume(playback.view().volume + command.fraction);
    case "enter-controls":
      focusOn(frame.current?.querySelector<HTMLElement>(`.${MAIN_CONTROL}`) ?? undefined);
      return;
    case "move":
      if (frame.current !== null) moveFocus(frame.current, command.direction);
      return;
    case "skip":
      frame.current?.querySelector<HTMLElement>("[data-skip]")?.click();
      return;
    case "toggle-help":
      return keys.setHelpOpen((isOpen) => !isOpen);
    case "back": {
      // What begins by itself in a moment is what "back" is about.
      const decline = frame.current?.querySelector<HTMLElement>("[data-decline]");
      if (decline) return decline.click();
      if (fullScreen.isOn) return fullScreen.toggle();
      if (target === "page" || playback.view().state !== "playing") return keys.onBack();
      // From the controls back first leads to the film.
      frame.current?.focus({ preventScroll: true });
      return controls.hide();
    }
  }
}
