/** Films on their way in, as staff follow them. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Step {
  readonly name: string;
  readonly status: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly whatToDo: string;
}

export interface CaptionTrack {
  readonly language: string;
  readonly label: string;
}

export interface Asset {
  readonly assetId: string;
  readonly name: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  /** `uploading`, `processing`, `ready`, or one of the ends that a failure explains. */
  readonly status: string;
  readonly createdAt: Date;
  readonly progressPercent: number | null;
  readonly failure: Failure | null;
  readonly durationSeconds: number | null;
  /** Of the renditions, ascending, in pixels. */
  readonly heights: readonly number[];
  /** Path on this origin. */
  readonly posterUrl: string | null;
}

/** What only the asset itself tells, and no list of assets. */
export interface AssetDetail extends Asset {
  readonly steps: readonly Step[];
  readonly scheme: string;
  /** From which age it may be watched; 18 for what nobody has rated. */
  readonly maturity: number;
  readonly captions: readonly CaptionTrack[];
}

export interface AssetPage {
  readonly assets: readonly Asset[];
  /** Where the next page begins; null at the end. */
  readonly nextAfter: string | null;
}

function assetFrom(fields: Fields): Asset {
  const failure = fields.fieldsOrNull("failure");
  return {
    assetId: fields.text("asset_id"),
    name: fields.text("name"),
    fileName: fields.text("file_name"),
    sizeBytes: fields.number("size_bytes"),
    status: fields.text("status"),
    createdAt: new Date(fields.text("created_at")),
    progressPercent: fields.numberOrNull("progress_percent"),
    failure:
      failure === null
        ? null
        : {
            code: failure.text("code"),
            message: failure.text("message"),
            whatToDo: failure.text("what_to_do"),
          },
    durationSeconds: fields.numberOrNull("duration_seconds"),
    heights: fields.numbers("heights"),
    posterUrl: fields.textOrNull("poster_url"),
  };
}

function detailFrom(answer: unknown): AssetDetail {
  const fields = new Fields(answer, "asset");
  return {
    ...assetFrom(fields),
    scheme: fields.text("scheme"),
    maturity: fields.number("maturity"),
    captions: fields.list("captions").map((track) => ({
      language: track.text("language"),
      label: track.text("label"),
    })),
    steps: fields.list("steps").map((step) => {
      const endedAt = step.textOrNull("ended_at");
      return {
        name: step.text("name"),
        status: step.text("status"),
        startedAt: new Date(step.text("started_at")),
        endedAt: endedAt === null ? null : new Date(endedAt),
      };
    }),
  };
}

const path = (assetId: string): string => `/assets/${encodeURIComponent(assetId)}`;

export class AssetsApi {
  constructor(private readonly client: ApiClient) {}

  /** Newest first. */
  async page(limit: number, after: string | null, signal?: AbortSignal): Promise<AssetPage> {
    const query = new URLSearchParams({ limit: String(limit), ...(after === null ? {} : { after }) });
    const answer = new Fields(await this.client.get(`/assets?${query}`, signal), "assets");
    return { assets: answer.list("assets").map(assetFrom), nextAfter: answer.textOrNull("next_after") };
  }

  async one(assetId: string, signal?: AbortSignal): Promise<AssetDetail> {
    return detailFrom(await this.client.get(path(assetId), signal));
  }

  /** Says from which age it may be watched; its title follows. */
  async rate(assetId: string, maturity: number): Promise<AssetDetail> {
    return detailFrom(await this.client.patch(path(assetId), { maturity }));
  }

  /** Runs the pipeline again over the file that is there. */
  async retry(assetId: string): Promise<AssetDetail> {
    return detailFrom(await this.client.post(`${path(assetId)}/retry`, undefined));
  }

  async cancel(assetId: string): Promise<AssetDetail> {
    return detailFrom(await this.client.post(`${path(assetId)}/cancel`, undefined));
  }

  async remove(assetId: string): Promise<void> {
    await this.client.delete(path(assetId));
  }
}
