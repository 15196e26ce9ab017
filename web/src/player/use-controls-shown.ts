import { type MouseEvent, type PointerEvent, useCallback, useEffect, useRef, useState } from "react";

/** Long enough to find a button, short enough not to cover the film. */
const SHOWN_MS = 3000;

export interface ControlsShown {
  readonly areShown: boolean;
  readonly show: () => void;
  /** At once, where the film is playing. */
  readonly hide: () => void;
  readonly handlers: {
    readonly onPointerMove: (event: PointerEvent) => void;
    readonly onPointerDownCapture: (event: PointerEvent) => void;
    readonly onClickCapture: (event: MouseEvent) => void;
    readonly onFocusCapture: () => void;
  };
  /** A click plays or pauses; a tap only shows the controls, or hides them again. */
  readonly onPictureClick: (toggle: () => void) => () => void;
  /** Two clicks; not two taps. */
  readonly onPictureDoubleClick: (toggle: () => void) => () => void;
}

/** Controls stay while nothing moves on screen, and a while after each sign of the viewer. */
export function useControlsShown(isPlaying: boolean): ControlsShown {
  const [isRecent, setRecent] = useState(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const touch = useRef<"none" | "revealing" | "on-controls">("none");
  const areShown = !isPlaying || isRecent;

  const hideLater = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setRecent(false), SHOWN_MS);
  }, []);
  const show = useCallback(() => {
    setRecent(true);
    hideLater();
  }, [hideLater]);

  const hide = useCallback(() => setRecent(false), []);

  useEffect(() => {
    if (isPlaying) hideLater();
    return () => clearTimeout(timer.current);
  }, [isPlaying, hideLater]);

  return {
    areShown,
    show,
    hide,
    handlers: {
      onPointerMove: (event) => {
        if (event.pointerType !== "touch") show();
      },
      onPointerDownCapture: (event) => {
        if (event.pointerType !== "touch") touch.current = "none";
        else touch.current = areShown ? "on-controls" : "revealing";
        if (touch.current !== "none") show();
      },
      onClickCapture: (event) => {
        // The tap that brings the controls back must not press the button it lands on.
        const isByKey = event.detail === 0;
        if (touch.current !== "revealing" || isByKey) return;
        event.stopPropagation();
        event.preventDefault();
      },
      onFocusCapture: show,
    },
    onPictureClick: (toggle) => () => {
      if (touch.current === "none") toggle();
      else setRecent(false);
    },
    onPictureDoubleClick: (toggle) => () => {
      if (touch.current === "none") toggle();
    },
  };
}
