/** Sending a film in parts: what the service is told and asked. The parts go to the storage. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

/** How a file is cut. */
export interface Cut {
  readonly sizeBytes: number;
  readonly partSizeBytes: number;
  readonly partCount: number;
}

export interface NewUpload {
  readonly name: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly scheme: string;
  /** From which age it may be watched; null where nobody has rated it. */
  readonly maturity: number | null;
}

/** A part that the storage has. */
export interface SentPart {
  readonly partNumber: number;
  readonly etag: string;
  /** Base64 of the digest. */
  readonly sha256: string;
}

/** Where and how one part is sent: PUT with these headers. */
export interface SignedPart {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

function cutFrom(fields: Fields, sizeBytes: number): Cut {
  return {
    sizeBytes,
    partSizeBytes: fields.number("part_size_bytes"),
    partCount: fields.number("part_count"),
  };
}

const path = (assetId: string): string => `/uploads/${encodeURIComponent(assetId)}`;

export class UploadsApi {
  constructor(private readonly client: ApiClient) {}

  async begin(upload: NewUpload): Promise<{ assetId: string; cut: Cut }> {
    const answer = await this.client.post("/uploads", {
      name: upload.name,
      file_name: upload.fileName,
      size_bytes: upload.sizeBytes,
      scheme: upload.scheme,
      ...(upload.maturity === null ? {} : { maturity: upload.maturity }),
    });
    const fields = new Fields(answer, "upload");
    return { assetId: fields.text("asset_id"), cut: cutFrom(fields, upload.sizeBytes) };
  }

  async addCaptions(assetId: string, language: string, label: string, text: string): Promise<void> {
    const address = `${path(assetId)}/captions/${encodeURIComponent(language)}`;
    await this.client.put(address, { label, text });
  }

  /** What of an upload is there already. */
  async sent(assetId: string, signal?: AbortSignal): Promise<{ cut: Cut; parts: SentPart[] }> {
    const fields = new Fields(await this.client.get(`${path(assetId)}/parts`, signal), "upload");
    const parts = fields.list("parts").map((part) => ({
      partNumber: part.number("part_number"),
      etag: part.text("etag"),
      sha256: part.text("sha256"),
    }));
    return { cut: cutFrom(fields, fields.number("size_bytes")), parts };
  }

  async sign(
    assetId: string,
    partNumber: number,
    sha256: string,
    signal?: AbortSignal,
  ): Promise<SignedPart> {
    const asked = { parts: [{ part_number: partNumber, sha256 }] };
    const answer = new Fields(
      await this.client.post(`${path(assetId)}/parts`, asked, signal),
      "signed parts",
    );
    const [part] = answer.list("parts");
    const headers = part?.fields("headers");
    if (part === undefined || headers === undefined) throw new Error("no part was signed");
    return { url: part.text("url"), headers: headers.texts() };
  }

  /** Makes the film of its parts; the asset that first had this content. Repeating it is safe. */
  async complete(
    assetId: string,
    parts: readonly SentPart[],
    signal?: AbortSignal,
  ): Promise<string> {
    const body = {
      parts: parts.map((part) => ({
        part_number: part.partNumber,
        etag: part.etag,
        sha256: part.sha256,
      })),
    };
    const answer = await this.client.post(`${path(assetId)}/complete`, body, signal);
    return new Fields(answer, "completed upload").text("first_asset_id");
  }
}
