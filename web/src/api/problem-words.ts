/** What the web app says above and after the API's own sentence, by the code of its refusal. */
import table from "./problem-words.json";

export interface ProblemWords {
  readonly title: string;
  /** What to do; empty where the API's sentence always says so itself. */
  readonly advice: string;
  /** Asking again is answered the same. */
  readonly isFinal?: boolean;
}

const WORDS: Readonly<Record<string, ProblemWords>> = table;

/** Undefined for what is no code of ours, such as a status of the gateway's. */
export function problemWords(code: string): ProblemWords | undefined {
  return Object.hasOwn(WORDS, code) ? WORDS[code] : undefined;
}
