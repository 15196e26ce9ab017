/** Plans: what each allows, which one an account has, and giving it another. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Plan {
  /** Its stable name. */
  readonly plan: string;
  /** Plays at the same time. */
  readonly streams: number;
  readonly devices: number;
  /** Titles that may be kept on a device. */
  readonly downloads: number;
  /** Height in pixels of the tallest picture. */
  readonly quality: number;
}

export class PlansApi {
  constructor(private readonly client: ApiClient) {}

  own = async (signal?: AbortSignal): Promise<Plan> =>
    planFrom(new Fields(await this.client.get("/plan", signal), "plan"));

  /** For staff: those that can be given, the smallest first. */
  async all(): Promise<readonly Plan[]> {
    return new Fields(await this.client.get("/plans"), "plans").list("plans").map(planFrom);
  }

  async of(accountId: string): Promise<Plan> {
    return planFrom(new Fields(await this.client.get(this.#path(accountId)), "plan"));
  }

  async give(accountId: string, plan: string): Promise<Plan> {
    return planFrom(new Fields(await this.client.put(this.#path(accountId), { plan }), "plan"));
  }

  #path(accountId: string): string {
    return `/accounts/${encodeURIComponent(accountId)}/plan`;
  }
}

function planFrom(answer: Fields): Plan {
  return {
    plan: answer.text("plan"),
    streams: answer.number("streams"),
    devices: answer.number("devices"),
    downloads: answer.number("downloads"),
    quality: answer.number("quality"),
  };
}
