import { type RefObject, useEffect } from "react";
import { isTelevision } from "./television";

/**
 * Puts the focus on what is offered over the picture, unless it is at a control already.
 *
 * While the film plays only on a television, where OK is the one way to it: on a keyboard the
 * space bar must not turn from "pause" into "skip" by itself.
 */
export function useOfferFocus(button: RefObject<HTMLElement | null>, isAlways: boolean): void {
  useEffect(() => {
    const focused = document.activeElement;
    const isFree = focused === null || focused === document.body || focused.matches("main");
    if (isFree && (isAlways || isTelevision())) button.current?.focus({ preventScroll: true });
  }, [button, isAlways]);
}
