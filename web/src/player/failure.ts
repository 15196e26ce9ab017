/** What to tell a viewer when playing fails, whoever said so: the API, the network or Shaka. */
import { type Ending, type Stream, streamsOf } from "../api/playback";
import { ApiError, ConnectionError, errorFrom } from "../api/problem";
import { problemWords } from "../api/problem-words";
import {
  type Cause,
  CAUSES,
  CONNECTION,
  LICENCE_REFUSED,
  MISSING_PART,
  PERMISSION,
  PLAYER_FAULT,
  SERVER,
} from "./shaka-causes";

export interface Failure {
  /** Shaka's number, the API's code, or a word of ours; for tests and for whoever helps. */
  readonly code: string;
  readonly title: string;
  /** What happened and what to do. */
  readonly detail: string;
  /** Trying again may help. */
  readonly canRetry: boolean;
  /** Finds the refused request in the logs. */
  readonly reference?: string;
  /** It may heal by itself once the network is back. */
  readonly isConnection: boolean;
  /** The play itself may have been ended: whoever ended it knows why. */
  readonly mayBeOver?: boolean;
  /** Plays of which one may end so that this one can begin. */
  readonly streams?: readonly Stream[];
}

/** The shape shared by every shaka.util.Error. */
export interface ShakaError {
  readonly code: number;
  readonly data: readonly unknown[];
}

/** The browser lacks what every film needs. */
export class UnsupportedBrowser extends Error {
  override readonly name = "UnsupportedBrowser";
}

const UNSUPPORTED: Cause = {
  title: "This browser cannot play films",
  detail: "It lacks what streaming needs.",
  advice: "Use a current version of Chrome, Edge or Firefox.",
  canRetry: false,
};

/** Reasons after which the same viewer may start again. */
const STARTS_AGAIN = new Set(["left", "taken_over", "lapsed", "expired"]);

/** Codes of a licence or its token that say no more than that the play has none. */
const LICENCE_CODES = new Set(["licence_refused", "session_not_found"]);

/** A play that somebody ended. */
export function endedBy({ reason, sentence }: Ending): Failure {
  const canRetry = STARTS_AGAIN.has(reason);
  const advice = canRetry ? " Try again to go on watching here." : "";
  return {
    code: reason,
    title: "This play was stopped",
    detail: `${sentence}${advice}`,
    canRetry,
    isConnection: false,
  };
}

const BAD_HTTP_STATUS = 1001;
const REQUEST_FILTER_ERROR = 1006;
const LICENCE_REQUEST_FAILED = 6007;

/** What failed, for any error that starting or playing can meet; null when it is no failure. */
export function failureFrom(error: unknown): Failure | null {
  if (error instanceof ConnectionError) return made("offline", CONNECTION);
  if (error instanceof ApiError) return apiFailure(error);
  if (error instanceof UnsupportedBrowser) return made("unsupported_browser", UNSUPPORTED);
  if (isShakaError(error)) return shakaFailure(error);
  if (error instanceof Error && error.name === "AbortError") return null;
  return made("unexpected", PLAYER_FAULT);
}

/** Whether a new start may be admitted: the play goes on, or ended by itself. */
export function mayGoOnAfter(ending: Ending | null): boolean {
  return ending === null || ending.reason === "expired" || ending.reason === "lapsed";
}

/** The edge would not give a part of the film: what opened it has ended, or the play was called back. */
export function isRefusedByEdge(error: unknown): boolean {
  if (!isShakaError(error) || error.code !== BAD_HTTP_STATUS) return false;
  return causeOfStatus(statusOf(error)) === PERMISSION;
}

function apiFailure({ code, title, message, reference, facts }: ApiError): Failure {
  const canRetry = problemWords(code)?.isFinal !== true;
  const streams = streamsOf(facts);
  return {
    code,
    title,
    detail: message,
    canRetry,
    isConnection: false,
    ...(reference === null ? {} : { reference }),
    ...(streams.length === 0 ? {} : { streams }),
    ...(LICENCE_CODES.has(code) ? { mayBeOver: true } : {}),
  };
}

function shakaFailure(error: ShakaError): Failure | null {
  const code = String(error.code);
  if (error.code === BAD_HTTP_STATUS) {
    const status = statusOf(error);
    const failure = made(code, causeOfStatus(status));
    return status === 401 || status === 403 ? { ...failure, mayBeOver: true } : failure;
  }
  if (error.code === LICENCE_REQUEST_FAILED) return licenceFailure(error);
  // A filter of ours asked for a new licence token, and its own error says why there is none.
  if (error.code === REQUEST_FILTER_ERROR) return failureFrom(error.data[0]);
  const cause = CAUSES.get(error.code);
  return cause === null ? null : made(code, cause ?? PLAYER_FAULT);
}

/** The network error inside says whether the licence was refused, and in the API's own words why. */
function licenceFailure(error: ShakaError): Failure | null {
  const code = String(error.code);
  const inner = error.data[0];
  if (!isShakaError(inner)) return made(code, LICENCE_REFUSED);
  if (inner.code === REQUEST_FILTER_ERROR) return shakaFailure(inner);
  if (inner.code !== BAD_HTTP_STATUS) {
    const failure = shakaFailure(inner);
    return failure === null ? null : { ...failure, code };
  }
  const status = statusOf(inner);
  if (status >= 500) return made(code, SERVER);
  const said = typeof inner.data[2] === "string" ? inner.data[2] : "";
  const problem = errorFrom(status, contentTypeOf(inner), said);
  const failure = { ...made(code, LICENCE_REFUSED), mayBeOver: true };
  return problem.code.startsWith("http_") ? failure : { ...failure, detail: problem.message };
}

function causeOfStatus(status: number): Cause {
  if (status === 401 || status === 403) return PERMISSION;
  return status === 404 || status === 410 ? MISSING_PART : SERVER;
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

function made(code: string, cause: Cause): Failure {
  const { title, detail, advice, canRetry, isConnection = false } = cause;
  return { code, title, detail: `${detail} ${advice}`, canRetry, isConnection };
}
