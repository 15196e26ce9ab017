/** Asks to keep titles on this device, and tells what became of them. */
import type { ApiClient } from "../api/client";
import { Fields } from "../api/read";
import type { DeviceDescription } from "../player/capabilities";
import type { Terms } from "./terms";

export interface Grant {
  readonly downloadId: string;
  readonly titleId: string;
  readonly name: string;
  readonly manifestUrl: string;
  readonly durationSeconds: number;
  /** Content keys by key id, as Clear Key writes them. */
  readonly keys: Readonly<Record<string, string>>;
  readonly terms: Terms;
  /** Says whose plays of it they are; their beacons carry it. */
  readonly ticket: string;
}

export class DownloadsApi {
  constructor(
    private readonly client: ApiClient,
    private readonly device: () => DeviceDescription,
  ) {}

  async grant(titleId: string): Promise<Grant> {
    const body = { title_id: titleId, device: this.device() };
    return grantOf(await this.client.post("/downloads", body));
  }

  async renew(downloadId: string): Promise<Grant> {
    const body = { device: this.device() };
    return grantOf(await this.client.post(`${path(downloadId)}/renewal`, body));
  }

  /** Ids of what the service counts as kept on this device. */
  async here(): Promise<ReadonlySet<string>> {
    const answer = new Fields(await this.client.get("/downloads"), "downloads");
    const here = answer.list("downloads").filter((one) => one.flag("is_here"));
    return new Set(here.map((one) => one.text("download_id")));
  }

  async tellFirstPlay(downloadId: string, at: number): Promise<void> {
    const body = { at: new Date(at).toISOString() };
    await this.client.post(`${path(downloadId)}/first-play`, body);
  }

  async giveBack(downloadId: string): Promise<void> {
    await this.client.delete(path(downloadId));
  }
}

const path = (downloadId: string): string => `/downloads/${encodeURIComponent(downloadId)}`;

function grantOf(answer: unknown): Grant {
  const fields = new Fields(answer, "download");
  const grantedAt = Date.parse(fields.text("granted_at"));
  const licence = fields.fields("drm").fields("licence");
  return {
    downloadId: fields.text("download_id"),
    titleId: fields.text("title_id"),
    name: fields.text("name"),
    manifestUrl: fields.text("manifest_url"),
    durationSeconds: fields.number("duration_seconds"),
    keys: Object.fromEntries(licence.list("keys").map((key) => [key.text("kid"), key.text("k")])),
    ticket: fields.text("ticket"),
    terms: {
      grantedAt,
      expiresAt: Date.parse(fields.text("expires_at")),
      firstPlayedAt: null,
      seenAt: grantedAt,
      playMilliseconds: fields.number("play_seconds") * 1000,
    },
  };
}
