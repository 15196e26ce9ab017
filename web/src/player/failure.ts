/** What to tell a viewer when playing fails. Codes: shaka.util.Error.Code of Shaka Player 5.2. */
import { ApiError, ConnectionError, errorFrom } from "../api/problem";

export interface Failure {
  /** Shaka's number, the API's code, or a word of ours; for tests and for whoever helps. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** It may heal by itself once the network is back. */
  readonly isConnection: boolean;
}

/** The shape shared by every shaka.util.Error. */
export interface ShakaError {
  readonly code: number;
  readonly data: readonly unknown[];
}

/** LOAD_INTERRUPTED, OPERATION_ABORTED, OBJECT_DESTROYED: the viewer left, and nothing is wrong. */
const OUR_OWN_DOING: ReadonlySet<number> = new Set([7000, 7001, 7003]);

const BAD_HTTP_STATUS = 1001;
/** HTTP_ERROR, TIMEOUT, ATTEMPTS_EXHAUSTED: no answer came. */
const NO_ANSWER: ReadonlySet<number> = new Set([1002, 1003, 1010]);
const LICENCE_REQUEST_FAILED = 6007;

type Words = readonly [title: string, detail: string];

const CONNECTION: Words = [
  "The connection was lost",
  "Check your network. Playing continues where you stopped.",
];
const SERVER: Words = [
  "Marquee has a problem on its side",
  "It is not you. Try again in a moment.",
];
const GENERIC: Words = ["This title stopped playing", "Something unexpected happened."];

const BY_CODE: Readonly<Record<number, Words>> = {
  3014: ["The picture could not be shown", "Your device stopped decoding this film."],
  3015: ["The picture could not be shown", "Your device stopped decoding this film."],
  3016: ["The picture could not be shown", "Your device could not decode this film."],
  3017: ["Your device ran out of memory", "Close other tabs, or choose a lower quality."],
  4012: ["This device cannot play this film", "No quality of it is allowed on this device."],
  4032: ["This device cannot play this film", "It comes in no format this browser can decode."],
  6000: ["This browser cannot play protected films", "Try a current version of Chrome, Edge or Firefox."],
  6001: ["This browser cannot play protected films", "Try a current version of Chrome, Edge or Firefox."],
  6002: ["This browser cannot play protected films", "Its protection module did not start. Restart the browser."],
  6007: ["The licence was refused", "This film may not be played with your account at the moment."],
  6008: ["The licence could not be used", "Your device did not accept it. Try again for a new one."],
  6014: ["The licence has run out", "Try again for a new one."],
  6020: ["This browser cannot play protected films", "They need a secure connection (https)."],
};

const BY_CATEGORY: Readonly<Record<number, Words>> = {
  2: ["The captions could not be read", "Try again, or play without them."],
  3: ["The picture could not be shown", "A part of this film could not be read."],
  4: ["This film could not be opened", "Its index could not be read. We have to repair this one."],
  6: ["The film could not be unlocked", "Something went wrong with its licence."],
};

/** Titles over the API's own sentence, by its code. */
const TITLE_BY_API_CODE: Readonly<Record<string, string>> = {
  title_not_found: "This title is not available",
  not_in_your_country: "Not available where you are",
  outside_rights_window: "Not available at the moment",
  account_blocked: "Your account cannot play titles",
  drm_not_offered: "This device cannot play this film",
  device_not_supported: "This device cannot play this film",
  keys_not_ready: "Almost ready",
};

/** What failed, for any error that starting or playing can meet; null when it is no failure. */
export function failureFrom(error: unknown): Failure | null {
  if (error instanceof ConnectionError) return made("offline", CONNECTION, true);
  if (error instanceof ApiError) {
    return made(error.code, [TITLE_BY_API_CODE[error.code] ?? error.title, error.message]);
  }
  if (isShakaError(error)) return fromShaka(error);
  if (error instanceof Error && error.name === "AbortError") return null;
  return made("unexpected", GENERIC);
}

function fromShaka(error: ShakaError): Failure | null {
  const code = String(error.code);
  if (OUR_OWN_DOING.has(error.code)) return null;
  if (NO_ANSWER.has(error.code)) return made(code, CONNECTION, true);
  if (error.code === BAD_HTTP_STATUS) return made(code, wordsForStatus(statusOf(error)));
  if (error.code === LICENCE_REQUEST_FAILED) return licenceFailure(error);
  return made(
    code,
    BY_CODE[error.code] ?? BY_CATEGORY[Math.floor(error.code / 1000)] ?? GENERIC,
  );
}

/** The network error inside says whether the licence was refused, and in the API's own words why. */
function licenceFailure(error: ShakaError): Failure {
  const code = String(error.code);
  const inner = error.data[0];
  if (!isShakaError(inner)) return made(code, BY_CODE[error.code] ?? GENERIC);
  if (NO_ANSWER.has(inner.code)) return made(code, CONNECTION, true);
  const status = statusOf(inner);
  if (status >= 500) return made(code, SERVER);
  const [title, detail] = BY_CODE[error.code] ?? GENERIC;
  const said = typeof inner.data[2] === "string" ? inner.data[2] : "";
  const problem = errorFrom(status, contentTypeOf(inner), said);
  return made(code, [title, problem.code.startsWith("http_") ? detail : problem.message]);
}

function wordsForStatus(status: number): Words {
  if (status === 401 || status === 403) {
    return ["Your permission to watch has run out", "Try again to continue where you stopped."];
  }
  if (status === 404 || status === 410) {
    return ["A part of this film is missing", "We have to repair this one. Try another title."];
  }
  return SERVER;
}

/** data of BAD_HTTP_STATUS: address, status, body, headers, kind of request. */
function statusOf(error: ShakaError): number {
  return typeof error.data[1] === "number" ? error.data[1] : 0;
}

function contentTypeOf(error: ShakaError): string {
  const headers = error.data[3] as Record<string, unknown> | null | undefined;
  const value = headers?.["content-type"];
  return typeof value === "string" ? value : "";
}

function isShakaError(error: unknown): error is ShakaError {
  const candidate = error as Partial<ShakaError> | null | undefined;
  return typeof candidate?.code === "number" && Array.isArray(candidate.data);
}

function made(code: string, [title, detail]: Words, isConnection = false): Failure {
  return { code, title, detail, isConnection };
}
