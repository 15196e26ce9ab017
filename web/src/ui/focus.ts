/** Moves the focus over the page as a remote does, and gives it back on return. */
import { type Direction, nextIndex } from "./spatial";

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

/** What keeps left and right for itself would stop whoever passes by arrows: Tab leads to it. */
const FOCUSABLE =
  "a[href], button:not(:disabled), input:not(:disabled, [data-passed-by-arrows]), [tabindex='0']";

export const directionOf = (key: string): Direction | null => DIRECTIONS[key] ?? null;

/** Whether a key pressed there is typing, or moves within the control itself. */
export function keepsArrows(target: EventTarget | null, direction: Direction | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isLine = target.matches(TYPED_IN) && target.closest("dialog, [role=dialog]") === null;
  if (isLine && direction !== null) return !leavesField(target, direction);
  const inside = "input, textarea, select, [contenteditable], [role=menu], [role=dialog], dialog";
  return target.closest(inside) !== null;
}

const TYPED_IN = "input:is([type=text], [type=password], [type=email], :not([type])), textarea";

/** Whether an arrow leads away from there: of a line that is typed in, only its sides are its own. */
export function leavesField(target: EventTarget | null, direction: Direction): boolean {
  if (!(target instanceof HTMLElement) || !target.matches(TYPED_IN)) return true;
  return !target.matches("textarea") && (direction === "up" || direction === "down");
}

/**
 * Moves the focus to what lies in the direction inside `area`; false when nothing does. Where
 * nothing has the focus yet, it goes to the first thing there is to do.
 */
export function moveFocus(area: ParentNode, direction: Direction): boolean {
  const others = [...area.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(isReachable);
  const current = document.activeElement;
  const isNowhere = current === null || current === document.body || current.matches("main");
  if (isNowhere) {
    const content = others.filter((element) => element.closest("main") !== null);
    return focusOn(content.find(isInView) ?? content[0] ?? others[0]);
  }
  const candidates = others.filter((element) => element !== current);
  const boxes = candidates.map((element) => boxOf(element).getBoundingClientRect());
  const next = nextIndex(boxOf(current).getBoundingClientRect(), boxes, direction);
  return next !== null && focusOn(candidates[next]);
}

/** Puts the focus on an element and its whole box on the screen. */
export function focusOn(element: HTMLElement | undefined): boolean {
  if (element === undefined) return false;
  element.focus({ preventScroll: true });
  boxOf(element).scrollIntoView({ block: "nearest", inline: "nearest" });
  return true;
}

/** After moving to a page: its content has the focus, so that keys and screen reader start there. */
export function arriveAtContent(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
  offerFirstAction();
}

/** Whoever came by keys is put on what the page is for, so that OK does it without a way there. */
export function offerFirstAction(): void {
  const main = document.querySelector("main:focus-visible");
  focusOn(main?.querySelector<HTMLElement>("[data-first-action]") ?? undefined);
}

/** A card is larger than the link that names it. */
function boxOf(element: Element): Element {
  return element.closest("[data-focus-box]") ?? element;
}

/** Shown, and not parked outside of the page as skip links are. */
function isReachable(element: HTMLElement): boolean {
  const { width, bottom } = element.getBoundingClientRect();
  return (
    element.tabIndex >= 0 && width > 0 && bottom + scrollY > 0 && element.checkVisibility()
  );
}

function isInView(element: HTMLElement): boolean {
  const { top, bottom } = boxOf(element).getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}
