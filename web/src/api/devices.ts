/** The devices of the account, and what their owner does with them. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Device {
  readonly deviceId: string;
  readonly name: string;
  readonly kind: string;
  /** Whether it has one of the account's places. */
  readonly isRegistered: boolean;
  readonly isThis: boolean;
  readonly lastSeen: string;
  /** When each of its sign-ins began. */
  readonly sessions: readonly string[];
}

export interface Devices {
  readonly devices: readonly Device[];
  readonly limit: number;
  readonly registered: number;
  /** When removals give a place back, where that would make room. */
  readonly nextPlaceAt: string | null;
}

export type Which = "others" | "everywhere";

export class DevicesApi {
  constructor(private readonly client: ApiClient) {}

  async all(signal?: AbortSignal): Promise<Devices> {
    const answer = new Fields(await this.client.get("/devices", signal), "devices");
    return {
      devices: answer.list("devices").map((device) => ({
        deviceId: device.text("device_id"),
        name: device.text("name"),
        kind: device.text("kind"),
        isRegistered: device.flag("is_registered"),
        isThis: device.flag("is_this"),
        lastSeen: device.text("last_seen"),
        sessions: device.list("sessions").map((session) => session.text("began")),
      })),
      limit: answer.number("limit"),
      registered: answer.number("registered"),
      nextPlaceAt: answer.textOrNull("next_place_at"),
    };
  }

  async rename(deviceId: string, name: string): Promise<void> {
    await this.client.patch(this.#path(deviceId), { name });
  }

  async signOut(deviceId: string): Promise<void> {
    await this.client.post(`${this.#path(deviceId)}/sign-out`, {});
  }

  async remove(deviceId: string): Promise<void> {
    await this.client.delete(this.#path(deviceId));
  }

  async signOutAll(which: Which): Promise<void> {
    await this.client.post("/sign-out", { which });
  }

  #path(deviceId: string): string {
    return `/devices/${encodeURIComponent(deviceId)}`;
  }
}
