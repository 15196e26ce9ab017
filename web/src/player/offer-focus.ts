import { type RefObject, useEffect } from "react";
import { isTelevision } from "./television";

/**
 * Puts the focus on what is offered over the picture: at the film's end, when nothing else is left to do.
 *
 * While the film plays only on a television, where OK is the one way to it, and unless it is at a
 * control already: on a keyboard the space bar must not turn from "pause" into "skip" by itself.
 */
export function useOfferFocus(button: RefObject<HTMLElement | null>, hasEnded: boolean): void {
  useEffect(() => {
    const focused = document.activeElement;
    const isFree = focused === null || focused === document.body || focused.matches("main");
    if (hasEnded || (isFree && isTelevision())) button.current?.focus({ preventScroll: true });
  }, [button, hasEnded]);
}
