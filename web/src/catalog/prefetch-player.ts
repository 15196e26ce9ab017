/** Downloads the player while the person is still choosing, so that a play starts sooner. */
export function prefetchPlayer(): void {
  // Both modules are kept by the browser; a failure shows when the page is really asked for.
  import("../player/watch-page").catch(() => undefined);
  import("../player/engine").catch(() => undefined);
}
