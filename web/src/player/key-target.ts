import type { KeyTarget } from "./keyboard";

const NAMED = ["offer", "seek", "volume", "menu", "help"] as const;

const isNamed = (name: string): name is (typeof NAMED)[number] =>
  NAMED.some((known) => known === name);

/** Which kind of control has the focus; controls say so by data-keys. */
export function keyTargetOf(target: EventTarget | null): KeyTarget {
  if (!(target instanceof Element)) return "page";
  const named = target.closest<HTMLElement>("[data-keys]")?.dataset["keys"];
  if (named !== undefined && isNamed(named)) return named;
  return target.closest("button, a") === null ? "page" : "button";
}
