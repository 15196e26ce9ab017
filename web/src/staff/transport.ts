/** Sends one part to the storage. fetch tells nothing of an upload's progress; XMLHttpRequest does. */
import type { SignedPart } from "../api/uploads";

/** The storage did not take a part; `status` is 0 where there was no answer. */
export class PartNotTaken extends Error {
  override readonly name = "PartNotTaken";

  constructor(readonly status: number) {
    super(status === 0 ? "the storage could not be reached" : `the storage answered ${status}`);
  }
}

export interface Sending {
  readonly signal: AbortSignal;
  /** Called with the bytes that have left. */
  readonly onProgress: (bytes: number) => void;
}

/** The part's ETag; PartNotTaken, or AbortError once the signal says so. */
export function putPart(part: SignedPart, body: Blob, sending: Sending): Promise<string> {
  return new Promise((resolve, reject) => {
    const { signal } = sending;
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    const settle = (act: () => void): void => {
      signal.removeEventListener("abort", stop);
      act();
    };
    request.open("PUT", part.url);
    for (const [name, value] of Object.entries(part.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => sending.onProgress(event.loaded);
    request.onload = () =>
      settle(() => {
        const etag = request.getResponseHeader("ETag");
        if (request.status === 200 && etag !== null) resolve(etag);
        else reject(new PartNotTaken(request.status));
      });
    request.onerror = () => settle(() => reject(new PartNotTaken(0)));
    request.onabort = () => settle(() => reject(new DOMException("stopped", "AbortError")));
    if (signal.aborted) return settle(() => reject(new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}
