/** Where the focus goes when an arrow key is pressed, by what is where on the screen. Knows no page. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export type Direction = "left" | "right" | "up" | "down";

/** Neighbours may touch or overlap by so much, as rounded sizes and outlines do. In CSS pixels. */
const OVERLAP = 2;

/**
 * The index of the box that an arrow leads to from `from`; null when nothing lies that way, so
 * that the focus stays. Up and down lead to the nearest row, and there to what is least aside;
 * left and right stay in the row, so that its end is an end.
 */
export function nextIndex(from: Box, boxes: readonly Box[], direction: Direction): number | null {
  const here = turned(from, direction);
  const isAlongRow = direction === "left" || direction === "right";
  const ahead = boxes
    .map((box, index) => ({ index, there: turned(box, direction) }))
    .filter(({ there }) => isAhead(here, there) && !(isAlongRow && gap(here, there) > 0));
  const [nearest] = ahead.toSorted((a, b) => a.there.left - b.there.left);
  if (nearest === undefined) return null;
  const row = ahead.filter(({ there }) => there.left < nearest.there.right);
  const [best] = row.toSorted(
    (a, b) => gap(here, a.there) - gap(here, b.there) || shift(here, a.there) - shift(here, b.there),
  );
  return best?.index ?? null;
}

/** It begins where the other ends, or at least reaches further on both its sides. */
function isAhead(here: Box, there: Box): boolean {
  return (
    there.left >= here.right - OVERLAP || (there.left > here.left && there.right > here.right)
  );
}

/** The box as it is when the direction is turned to point right. */
function turned({ left, top, right, bottom }: Box, direction: Direction): Box {
  switch (direction) {
    case "right":
      return { left, top, right, bottom };
    case "left":
      return { left: -right, top, right: -left, bottom };
    case "down":
      return { left: top, top: left, right: bottom, bottom: right };
    case "up":
      return { left: -bottom, top: left, right: -top, bottom: right };
  }
}

/** How far aside it stands; 0 when it is straight ahead, if only with a part of it. */
const gap = (here: Box, there: Box): number =>
  Math.max(0, there.top - here.bottom, here.top - there.bottom);

/** How far the middles are apart, for what is equally far aside. */
const shift = (here: Box, there: Box): number =>
  Math.abs(there.top + there.bottom - here.top - here.bottom);
