/** Asks permission to play: addresses, licence and the cookies that open the segments. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Licence {
  readonly keySystem: string;
  readonly url: string;
  /** A token good for the next request: the one of the start is soon too old. */
  readonly token: () => Promise<string>;
}

export interface Start {
  readonly sessionId: string;
  readonly manifestUrl: string;
  readonly durationSeconds: number;
  readonly licence: Licence;
  readonly name: string;
}

/** A token this close to its end might not survive the way to the licence server. */
const RENEW_BEFORE_MS = 10_000;

export class PlaybackApi {
  constructor(
    private readonly client: ApiClient,
    private readonly now: () => number,
  ) {}

  async start(titleId: string, signal?: AbortSignal): Promise<Start> {
    const request = {
      title_id: titleId,
      device: { family: "shaka", drm: "clearkey", max_height: null },
    };
    const answer = new Fields(await this.client.post("/playback/start", request, signal), "start");
    const drm = answer.fields("drm");
    const sessionId = answer.text("session_id");
    return {
      sessionId,
      manifestUrl: answer.text("manifest_url"),
      durationSeconds: answer.number("duration_seconds"),
      licence: {
        keySystem: drm.text("system"),
        url: drm.text("licence_url"),
        token: this.#licenceToken(sessionId, drm),
      },
      name: answer.fields("title").text("name"),
    };
  }

  /** Tells that nobody watches any more; works from a page that is going away. */
  end(sessionId: string): void {
    this.client.deleteWhileLeaving(this.#path(sessionId));
  }

  #licenceToken(sessionId: string, first: Fields): () => Promise<string> {
    let held = this.#held(first);
    return async () => {
      if (this.now() >= held.renewAt) {
        const answer = await this.client.post(`${this.#path(sessionId)}/licence-token`, {});
        held = this.#held(new Fields(answer, "licence token"));
      }
      return held.token;
    };
  }

  #held(fields: Fields): { token: string; renewAt: number } {
    return {
      token: fields.text("licence_token"),
      renewAt: this.now() + fields.number("expires_in") * 1000 - RENEW_BEFORE_MS,
    };
  }

  #path(sessionId: string): string {
    return `/playback/sessions/${encodeURIComponent(sessionId)}`;
  }
}
