/** Tells the service what happens in a play; whose play it is says the ticket alone. */
import { SessionEnded } from "../auth/session";
import type { ApiClient } from "./client";
import { ApiError } from "./problem";
import type { Reached } from "./progress";

export type BeaconKind = "start" | "position" | "rebuffer" | "error" | "pause" | "leave";

export interface Beacon extends Reached {
  readonly kind: BeaconKind;
  /** Epoch milliseconds, by this machine's clock. */
  readonly at: number;
  /** Where the film came from, where it could come from elsewhere. */
  readonly cdn?: string;
  /** CDNs that gave no part of it since the last word. */
  readonly failedCdns?: readonly string[];
}

/** What a batch met: it is in the stream, was answered with a no, or nobody heard it. */
export type Told = "taken" | "refused" | "unheard";

/** Answers of a service that is overwhelmed or broken, not of one that says no. */
const COME_AGAIN_FROM = 500;
const TOO_MANY = 429;

export class BeaconsApi {
  /** `client` is that of the address where beacons go. */
  constructor(
    private readonly client: ApiClient,
    private readonly now: () => number,
  ) {}

  /** Never rejects. */
  async tell(ticket: string, beacons: readonly Beacon[]): Promise<Told> {
    try {
      await this.client.post("", this.#body(ticket, beacons));
      return "taken";
    } catch (error) {
      return toldBy(error);
    }
  }

  /** The same from a page that may be going away: sent at once, and never rejects. */
  async tellWhileLeaving(ticket: string, beacons: readonly Beacon[]): Promise<Told> {
    const body = this.#body(ticket, beacons);
    return (await this.client.postWhileLeaving("", body)) ? "taken" : "unheard";
  }

  #body(ticket: string, beacons: readonly Beacon[]): unknown {
    const now = this.now();
    const told = beacons.map(({ kind, at, positionSeconds, durationSeconds, cdn, failedCdns }) => ({
      kind,
      // A clock that was set back must not make a beacon come from the future.
      at: new Date(Math.min(at, now)).toISOString(),
      position_seconds: positionSeconds,
      duration_seconds: durationSeconds,
      // What is undefined is left out of JSON.
      cdn,
      failed_cdns: failedCdns,
    }));
    const batch = { ticket, sent_at: new Date(now).toISOString(), beacons: told };
    // API Gateway puts what `data` holds into a stream, and takes it in base64 alone.
    return { data: btoa(JSON.stringify(batch)) };
  }
}

function toldBy(error: unknown): Told {
  if (error instanceof SessionEnded) return "unheard";
  if (!(error instanceof ApiError)) return "unheard";
  return error.status === TOO_MANY || error.status >= COME_AGAIN_FROM ? "unheard" : "refused";
}
