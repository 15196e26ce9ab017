import type { PointerEvent } from "react";

/** Whoever drags a slider by mouse or finger goes on with the film's keys, not the slider's. */
export function leaveFocusAfterwards({ currentTarget }: PointerEvent<HTMLElement>): void {
  const leave = (): void => currentTarget.closest("main")?.focus({ preventScroll: true });
  window.addEventListener("pointerup", leave, { once: true });
}
