/**
 * The picture comes before what is drawn around it: drawing takes the page's one thread, which the
 * engine needs until then.
 */
import type { Openings } from "./openings";
import type { Playback } from "./playback";

/** Longer, and controls come first: a film that is slow to begin can still be left. */
const PATIENCE_MS = 500;

/** Resolves when there is a picture, or something to say, or when the viewer has waited enough. */
export function pictureOrPatience(playback: Playback): Promise<void> {
  return new Promise((resolve) => {
    const told = (): void => {
      if (playback.view().state === "loading") return;
      stop();
      clearTimeout(patience);
      resolve();
    };
    const stop = playback.subscribe(told);
    const patience = setTimeout(() => {
      stop();
      resolve();
    }, PATIENCE_MS);
    told();
  });
}

/** Shows the title under way, if any, in `element`; resolves when the app may be drawn there. */
export async function pictureFirst(openings: Openings, element: Element): Promise<void> {
  const playback = openings.latest;
  if (playback === null) return;
  const { video, captions } = playback.screen;
  const middle = box("div", "player-middle", box("div", "spinner"));
  element.replaceChildren(box("main", "player cinema", video, captions, middle));
  await pictureOrPatience(playback);
}

function box(name: string, className: string, ...children: readonly Node[]): HTMLElement {
  const element = document.createElement(name);
  element.className = className;
  element.append(...children);
  return element;
}
