/** What there is to watch, as the catalogue tells it. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Title {
  readonly titleId: string;
  readonly name: string;
  readonly durationSeconds: number;
  /** Path on this origin, or null while there is no picture. */
  readonly posterUrl: string | null;
}

function titleFrom(fields: Fields): Title {
  return {
    titleId: fields.text("title_id"),
    name: fields.text("name"),
    durationSeconds: fields.number("duration_seconds"),
    posterUrl: fields.textOrNull("poster_url"),
  };
}

export class TitlesApi {
  constructor(private readonly client: ApiClient) {}

  async all(signal?: AbortSignal): Promise<readonly Title[]> {
    const answer = new Fields(await this.client.get("/titles", signal), "titles");
    return answer.list("titles").map(titleFrom);
  }

  async one(titleId: string, signal?: AbortSignal): Promise<Title> {
    const path = `/titles/${encodeURIComponent(titleId)}`;
    return titleFrom(new Fields(await this.client.get(path, signal), "title"));
  }
}
