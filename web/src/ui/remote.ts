/** The keys of remotes: each maker names them differently, and older sets only number them. */

/** Numbers of sets that say "Unidentified": CEA-2014 (LG, HbbTV) and Tizen's own. */
const BY_NUMBER: Readonly<Record<number, string>> = {
  19: "MediaPause",
  412: "MediaRewind",
  413: "MediaStop",
  415: "MediaPlay",
  417: "MediaFastForward",
  461: "GoBack",
  10009: "GoBack",
  10252: "MediaPlayPause",
};

/** W3C UI Events names beside those that sets really send. */
const SAME: Readonly<Record<string, string>> = {
  BrowserBack: "GoBack",
  Escape: "GoBack",
  XF86Back: "GoBack",
  MediaTrackNext: "MediaFastForward",
  MediaTrackPrevious: "MediaRewind",
};

export interface KeyPress {
  readonly key: string;
  readonly keyCode?: number;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/** One name for each key; null when a modifier makes it the browser's. */
export function keyName(press: KeyPress): string | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const isNamed = press.key !== "" && press.key !== "Unidentified";
  const name = isNamed ? press.key : (BY_NUMBER[press.keyCode ?? 0] ?? press.key);
  return SAME[name] ?? name;
}
