/** Downloads the engine while the person is still choosing, so that a play starts sooner. */
export function prefetchPlayer(): void {
  // The browser keeps it; a failure shows when it is really asked for.
  import("../player/engine").catch(() => undefined);
}
