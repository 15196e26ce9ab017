/** Sends requests to the API as the signed-in person. Knows tokens and problems, no resource. */
import { IssuerUnreachable, type Session } from "../auth/session";
import { ConnectionError, errorFrom } from "./problem";
import { newTraceparent, REFERENCE_HEADER } from "./trace";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export class ApiClient {
  constructor(
    private readonly base: string,
    private readonly session: Pick<Session, "accessToken" | "freshToken" | "renew" | "tokenAtHand">,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  get(path: string, signal?: AbortSignal): Promise<unknown> {
    return this.#ask("GET", path, undefined, signal);
  }

  post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.#ask("POST", path, body, signal);
  }

  put(path: string, body: unknown): Promise<unknown> {
    return this.#ask("PUT", path, body);
  }

  patch(path: string, body: unknown): Promise<unknown> {
    return this.#ask("PATCH", path, body);
  }

  delete(path: string): Promise<unknown> {
    return this.#ask("DELETE", path);
  }

  /** Whether it was taken, for a page that is there after all. */
  postWhileLeaving(path: string, body: unknown): Promise<boolean> {
    return this.#sendWhileLeaving("POST", path, body);
  }

  deleteWhileLeaving(path: string): void {
    void this.#sendWhileLeaving("DELETE", path);
  }

  /** A request that outlives the page: sent at once with the token at hand. */
  async #sendWhileLeaving(method: Method, path: string, body?: unknown): Promise<boolean> {
    const token = this.session.tokenAtHand();
    if (token === null) return false;
    try {
      return (await this.#send(method, path, token, body, { keepalive: true })).ok;
    } catch {
      return false;
    }
  }

  async #ask(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    const extra = signal === undefined ? {} : { signal };
    // With a token at hand the request leaves before this function returns: see Openings.
    const token = this.session.freshToken() ?? (await this.#token());
    let response = await this.#send(method, path, token, body, extra);
    if (response.status === 401) {
      // This clock and the issuer's may disagree on "expired": one renewal, then believe the answer.
      const renewed = await this.#translated(this.session.renew());
      response = await this.#send(method, path, renewed.access, body, extra);
    }
    const text = await this.#translated(response.text());
    if (!response.ok) {
      const reference = response.headers.get(REFERENCE_HEADER);
      const contentType = response.headers.get("Content-Type") ?? "";
      throw errorFrom(response.status, contentType, text, reference);
    }
    return text === "" ? null : (JSON.parse(text) as unknown);
  }

  #token(): Promise<string> {
    return this.#translated(this.session.accessToken());
  }

  #send(
    method: Method,
    path: string,
    token: string,
    body: unknown,
    extra: RequestInit,
  ): Promise<Response> {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${token}`,
      traceparent: newTraceparent(),
    };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return this.#translated(
      this.fetch(this.base + path, {
        method,
        headers,
        // The start of a play answers with the signed cookies that open its segments.
        credentials: "same-origin",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...extra,
      }),
    );
  }

  async #translated<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      // fetch says TypeError for every way a connection can fail.
      if (error instanceof TypeError || error instanceof IssuerUnreachable) {
        throw new ConnectionError("Marquee could not be reached.", { cause: error });
      }
      throw error;
    }
  }
}
