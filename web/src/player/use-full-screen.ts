import { type RefObject, useCallback, useEffect, useState } from "react";

export interface FullScreen {
  readonly isOn: boolean;
  readonly toggle: () => void;
}

/** iPhones give full screen to a video element only. */
type AppleVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

export function useFullScreen(
  frame: RefObject<HTMLElement | null>,
  video: HTMLVideoElement,
): FullScreen {
  const [isOn, setOn] = useState(document.fullscreenElement !== null);

  useEffect(() => {
    const onChange = (): void => setOn(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", onChange);
    return () => {
      document.removeEventListener("fullscreenchange", onChange);
      if (document.fullscreenElement !== null) document.exitFullscreen().catch(() => undefined);
    };
  }, []);

  const toggle = useCallback(() => {
    const element = frame.current;
    // Refusals (no gesture, not allowed in this frame) leave things as they are.
    if (document.fullscreenElement !== null) {
      document.exitFullscreen().catch(() => undefined);
    } else if (element !== null && document.fullscreenEnabled) {
      element.requestFullscreen({ navigationUI: "hide" }).catch(() => undefined);
    } else {
      (video as AppleVideo).webkitEnterFullscreen?.();
    }
  }, [frame, video]);

  return { isOn, toggle };
}
