/** Profiles in words. Pure. */
import type { Profile } from "../api/profiles";

/** Germany's FSK, as the API has it. */
export const AGES = [0, 6, 12, 16, 18] as const;

/** The most that a kids profile may be let see. */
export const KIDS_LIMIT = 12;

export const EVERYTHING = 18;

/** What one may like to hear and read; each in its own words. */
const OFFERED = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "uk", "ar", "ja"];

export function limitWords(maturity: number): string {
  if (maturity >= EVERYTHING) return "Everything";
  return maturity === 0 ? "For all ages" : `Up to ${maturity}`;
}

/** What distinguishes a profile, besides its name. */
export function profileWords({ isKid, maturity, hasPin }: Profile): string {
  const facts = [isKid ? "Kids" : "", limitWords(maturity), hasPin ? "PIN" : ""];
  return facts.filter((fact) => fact !== "").join(" · ");
}

export function languageWords(language: string): string {
  try {
    const name = new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  } catch {
    return language;
  }
}

/** The languages to choose from; one that was chosen elsewhere stays among them. */
export const languagesWith = (chosen: string): readonly string[] =>
  OFFERED.includes(chosen) ? OFFERED : [chosen, ...OFFERED];
