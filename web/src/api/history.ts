/** What the profile has watched, and taking it out. */
import type { ApiClient } from "./client";
import { type Progress, progressFrom } from "./progress";
import { Fields } from "./read";

export interface HistoryPage {
  /** The latest first. */
  readonly places: readonly Progress[];
  /** Asks for the part after this one; null after the last. */
  readonly next: string | null;
}

export class HistoryApi {
  constructor(private readonly client: ApiClient) {}

  /** `before` is what the part before said is next; null asks for the first. */
  async page(before: string | null, signal?: AbortSignal): Promise<HistoryPage> {
    const query = before === null ? "" : `?${new URLSearchParams({ before })}`;
    const answer = new Fields(await this.client.get(`/history${query}`, signal), "history");
    return {
      places: answer.list("history").map(progressFrom),
      next: answer.textOrNull("next"),
    };
  }

  async remove(titleId: string): Promise<void> {
    await this.client.delete(`/history/${encodeURIComponent(titleId)}`);
  }

  async clear(): Promise<void> {
    await this.client.delete("/history");
  }
}
