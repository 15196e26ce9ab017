import { useEffect } from "react";
import { goBack } from "../routing";
import { directionOf, keepsArrows, moveFocus } from "./focus";
import { keyName } from "./remote";

/**
 * Arrow keys move over the page and the back key leads back; OK is Enter, which links and buttons
 * know. `parent` is the page above, null where there is none and back is the browser's or the
 * set's. `isOn` is false where the page has keys of its own.
 */
export function useRemoteKeys(isOn: boolean, parent: string | null): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      const key = event.defaultPrevented ? null : keyName(event);
      if (key === null) return;
      const direction = directionOf(key);
      if (keepsArrows(event.target, direction)) return;
      if (direction !== null && !event.shiftKey) {
        // Where nothing lies that way, the page scrolls as ever.
        if (moveFocus(document, direction)) event.preventDefault();
      } else if (key === "GoBack" && parent !== null) {
        event.preventDefault();
        goBack(parent);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [isOn, parent]);
}
