/** The id by which one request is found in every log: the trace-id of W3C Trace Context. */

const hexadecimal = (length: number): string =>
  [...crypto.getRandomValues(new Uint8Array(length))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/** A new `traceparent` (section 3.2), version 00, not sampled. */
export function newTraceparent(): string {
  return `00-${hexadecimal(16)}-${hexadecimal(8)}-00`;
}

/** What a function answers its id in. */
export const REFERENCE_HEADER = "X-Correlation-Id";
