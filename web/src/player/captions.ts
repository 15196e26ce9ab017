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
const OFF = "";

/** Of every profile whose owner said nothing: captions that nobody asked for stand in no film. */
const UNSAID = "en";

/**
 * What a film begins with for who never chose: its captions in the language of the profile, the
 * exact tag before one of a region ("pt" finds "pt-BR"). `language` is null where it is not known.
 */
export function captionsAtFirst(
  tracks: readonly CaptionTrack[],
  language: string | null,
): CaptionChoice {
  if (language === null || language === UNSAID) return null;
  const tags = tracks.map((track) => track.language);
  if (tags.includes(language)) return language;
  return tags.find((tag) => tag.startsWith(`${language}-`)) ?? null;
}

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

/** Undefined for who never chose. */
export function readCaptionChoice(): CaptionChoice | undefined {
  try {
    const kept = localStorage.getItem(NAME);
    return kept === OFF ? null : (kept ?? undefined);
  } catch {
    return undefined;
  }
}

export function rememberCaptionChoice(choice: CaptionChoice): void {
  try {
    localStorage.setItem(NAME, choice ?? OFF);
  } catch {
    // Storage may be full or forbidden: then it is only not remembered.
  }
}
