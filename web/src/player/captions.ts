/** The choices of the captions menu, and which one this person made last. */

export interface CaptionTrack {
  /** BCP 47. */
  readonly language: string;
  /** As the studio named it; may be no more than the language again. */
  readonly label: string | null;
}

/** A language, or null for none. */
export type CaptionChoice = string | null;

export interface CaptionOption {
  readonly choice: CaptionChoice;
  readonly label: string;
  readonly selected: boolean;
}

const NAME = "marquee.captions";

/** Off first, then each language by name; exactly one is selected. */
export function captionOptions(
  tracks: readonly CaptionTrack[],
  chosen: CaptionChoice,
): CaptionOption[] {
  const languages = tracks.map((track) => ({
    choice: track.language,
    label: nameOf(track),
    selected: track.language === chosen,
  }));
  const isOff = languages.every((option) => !option.selected);
  return [
    { choice: null, label: "Off", selected: isOff },
    ...languages.toSorted((a, b) => a.label.localeCompare(b.label)),
  ];
}

/** The studio's name; the language's own, where the studio gave none: "Deutsch", "português". */
function nameOf({ language, label }: CaptionTrack): string {
  if (label !== null && label !== "" && label !== language) return label;
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
  } catch {
    return language;
  }
}

export function readCaptionChoice(): CaptionChoice {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

export function rememberCaptionChoice(choice: CaptionChoice): void {
  try {
    if (choice === null) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, choice);
  } catch {
    // Storage may be full or forbidden: then it is only not remembered.
  }
}
