import type { KeyTarget } from "./keyboard";

/** Which kind of control has the focus; controls say so by data-keys. */
export function keyTargetOf(target: EventTarget | null): KeyTarget {
  if (!(target instanceof Element)) return "page";
  const named = target.closest<HTMLElement>("[data-keys]")?.dataset["keys"];
  if (named === "seek" || named === "volume" || named === "menu" || named === "help") return named;
  return target.closest("button, a") === null ? "page" : "button";
}
