/** What an API refusal says: RFC 9457 problems, and the plainer answers of what stands before it. */
import { problemWords } from "./problem-words";

/** The API answered, and the answer is no. `message` tells the person why, and what to do. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    /** Stable and machine-readable, such as `title_not_found`; `http_<status>` when none was given. */
    readonly code: string,
    readonly title: string,
    message: string,
    /** Finds the request in the logs; null where no function of ours answered. */
    readonly reference: string | null = null,
    /** What the refusal says besides, such as `pin_is_enough`; what it holds is to be checked. */
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** No answer at all: offline, refused connection, or cut half-way. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

const WORDS: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  401: ["Please sign in", "Your session is not valid any more. Sign in again to continue."],
  403: ["Not available to you", "Your account may not use this."],
  404: ["Not found", "This is not here, or not any more."],
  429: ["One moment", "That was a lot at once. Try again in a moment."],
};
const SERVER_TROUBLE = ["Something went wrong", "Marquee has a problem on its side. Try again in a moment."] as const;

/**
 * The error an unsuccessful answer means. API Gateway (`{"message": …}`) and the edge (XML) write
 * for machines, so only a problem's own `detail` is shown; for all else the status has our words.
 */
export function errorFrom(
  status: number,
  contentType: string,
  body: string,
  reference: string | null = null,
): ApiError {
  const [otherTitle, otherDetail] = WORDS[status] ?? SERVER_TROUBLE;
  let problem: Record<string, unknown> = {};
  if (contentType.includes("problem+json")) {
    try {
      problem = JSON.parse(body) as Record<string, unknown>;
    } catch {
      // A cut answer still has its status.
    }
  }
  const text = (name: string, otherwise: string): string => {
    const value = problem[name];
    return typeof value === "string" && value !== "" ? value : otherwise;
  };
  const code = text("code", `http_${status}`);
  const detail = text("detail", otherDetail);
  // The API's titles are HTTP's own phrases ("Forbidden"): ours read better above its detail.
  const words = problemWords(code);
  const message = words === undefined ? detail : `${detail} ${words.advice}`.trim();
  return new ApiError(status, code, words?.title ?? otherTitle, message, reference, problem);
}
