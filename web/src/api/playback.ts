/** Asks permission to play: addresses, licence and the cookies that open the segments. */
import type { ApiClient } from "./client";
import type { DeviceDescription } from "../player/capabilities";
import { Storyboard } from "../player/storyboard";
import { ApiError, ConnectionError } from "./problem";
import { Fields } from "./read";
import { type EpisodeOf, episodeOfFrom, type Markers, markersFrom } from "./titles";

export interface Licence {
  readonly keySystem: string;
  readonly url: string;
  /** A token good for the next request: the one of the start is soon too old. */
  readonly token: () => Promise<string>;
  /** Content keys by key id, where the start brought them; else the player asks at `url`. */
  readonly keys: Readonly<Record<string, string>> | null;
}

export interface Cdn {
  /** What beacons call it. */
  readonly id: string;
  readonly manifestUrl: string;
}

export interface Start {
  readonly sessionId: string;
  /** Says whose play this is; beacons carry it. */
  readonly ticket: string;
  /** Each CDN that has the film, the first to begin with. */
  readonly cdns: readonly Cdn[];
  readonly durationSeconds: number;
  readonly storyboardUrl: string | null;
  readonly licence: Licence;
  readonly name: string;
  /** Null for a film. */
  readonly episodeOf: EpisodeOf | null;
  readonly markers: Markers;
}

/** A play that has one of the account's screens. */
export interface Stream {
  readonly sessionId: string;
  readonly device: string;
  /** Who watches; profiles have their names. */
  readonly profileId: string;
  readonly title: string;
  readonly startedAt: string;
}

/** Why a play is over. */
export interface Ending {
  readonly reason: string;
  /** For people. */
  readonly sentence: string;
}

/** A token this close to its end might not survive the way to the licence server. */
const RENEW_BEFORE_MS = 10_000;

/** What a start that is made again is refused for, when too much has happened since the first time. */
const OF_ANOTHER_TIME = ["play_over", "request_id_reused"];

function isUnanswered(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ApiError && error.status >= 500);
}

export class PlaybackApi {
  /** What a PIN has opened, by title, until it is started. */
  readonly #pinGrants = new Map<string, string>();
  /** Names of starts that nobody knows the end of, by title: made again, they begin nothing else. */
  readonly #unanswered = new Map<string, string>();

  constructor(
    private readonly client: ApiClient,
    private readonly now: () => number,
    private readonly origin: string,
    private readonly fetch: typeof globalThis.fetch,
    private readonly device: () => DeviceDescription,
  ) {}

  /** The title's next start that succeeds is with this grant. */
  open(titleId: string, pinGrant: string): void {
    this.#pinGrants.set(titleId, pinGrant);
  }

  /**
   * `takeOver` names the play that ends for this one. A start whose answer was lost is made again
   * by the next one of its title, so that it does not take a second screen.
   */
  async start(titleId: string, signal?: AbortSignal, takeOver?: string): Promise<Start> {
    const pinGrant = this.#pinGrants.get(titleId);
    const request = {
      title_id: titleId,
      ...(pinGrant === undefined ? {} : { pin_grant: pinGrant }),
      device: this.device(),
      ...(takeOver === undefined ? {} : { take_over: takeOver }),
    };
    const answer = new Fields(await this.#asked(titleId, request, signal), "start");
    this.#pinGrants.delete(titleId);
    const drm = answer.fields("drm");
    const sessionId = answer.text("session_id");
    return {
      sessionId,
      ticket: answer.text("ticket"),
      cdns: answer
        .list("cdns")
        .map((cdn) => ({ id: cdn.text("cdn_id"), manifestUrl: cdn.text("manifest_url") })),
      durationSeconds: answer.number("duration_seconds"),
      storyboardUrl: answer.textOrNull("storyboard_url"),
      licence: {
        keySystem: drm.text("system"),
        url: drm.text("licence_url"),
        token: this.#licenceToken(sessionId, drm),
        keys: keysOf(drm.fieldsOrNull("licence")),
      },
      name: answer.fields("title").text("name"),
      episodeOf: episodeOfFrom(answer.fields("title")),
      markers: markersFrom(answer.fields("title").fields("markers")),
    };
  }

  async #asked(titleId: string, request: object, signal?: AbortSignal): Promise<unknown> {
    const repeated = this.#unanswered.get(titleId);
    const requestId = repeated ?? crypto.randomUUID();
    this.#unanswered.delete(titleId);
    try {
      const body = { ...request, request_id: requestId };
      return await this.client.post("/playback/start", body, signal);
    } catch (error) {
      if (isUnanswered(error)) this.#unanswered.set(titleId, requestId);
      const isOver = error instanceof ApiError && OF_ANOTHER_TIME.includes(error.code);
      if (repeated === undefined || !isOver) throw error;
      return this.#asked(titleId, request, signal);
    }
  }

  /** Small pictures for seeking; null where there are none, or none can be had: play goes on. */
  async storyboard({ storyboardUrl }: Start, signal: AbortSignal): Promise<Storyboard | null> {
    if (storyboardUrl === null) return null;
    try {
      const address = new URL(storyboardUrl, this.origin).href;
      const answer = await this.fetch(address, { signal });
      return answer.ok ? Storyboard.parse(await answer.text(), address) : null;
    } catch {
      return null;
    }
  }

  /** Null while it goes on, and where nobody knows: the failure itself is told then. */
  async ending(sessionId: string, signal: AbortSignal): Promise<Ending | null> {
    try {
      const answer = new Fields(await this.client.get(this.#path(sessionId), signal), "play");
      const sentence = answer.textOrNull("sentence");
      return sentence === null ? null : { reason: answer.text("reason"), sentence };
    } catch {
      return null;
    }
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

/** The plays that a refused start is told of; none in any other refusal. */
export function streamsOf(refusal: Readonly<Record<string, unknown>>): readonly Stream[] {
  if (!Array.isArray(refusal["streams"])) return [];
  return new Fields(refusal, "refusal").list("streams").map((stream) => ({
    sessionId: stream.text("session_id"),
    device: stream.text("device"),
    profileId: stream.text("profile"),
    title: stream.text("title"),
    startedAt: stream.text("started_at"),
  }));
}

/** Of a Clear Key licence: Encrypted Media Extensions, section 9.1.4. */
function keysOf(licence: Fields | null): Licence["keys"] {
  if (licence === null) return null;
  return Object.fromEntries(licence.list("keys").map((key) => [key.text("kid"), key.text("k")]));
}
