/** What the page of devices says. Pure. */
import type { Device, Devices } from "../api/devices";

const KINDS: Readonly<Record<string, string>> = {
  tv: "TV",
  phone: "Phone",
  tablet: "Tablet",
  computer: "Computer",
};

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const moment = (at: string): string => MOMENT.format(new Date(at));

/** How many places are taken, and what to do when none is free. */
export function placesWords({ limit, registered, devices, nextPlaceAt }: Devices): string {
  const taken = `${registered} of ${limit} ${limit === 1 ? "place" : "places"} taken.`;
  if (devices.every((device) => device.isRegistered)) return taken;
  const again =
    nextPlaceAt === null
      ? "Remove one to make room for another."
      : `After many removals the next place is free on ${DAY.format(new Date(nextPlaceAt))}.`;
  return `${taken} A device without a place is signed in, but not one of your devices yet. ${again}`;
}

export function deviceWords(device: Device): string {
  const parts = [
    KINDS[device.kind] ?? "Device",
    ...(device.isThis ? ["this device"] : []),
    ...(device.sessions.length === 0 ? ["signed out"] : []),
    ...(device.isRegistered ? [] : ["without a place"]),
  ];
  return parts.join(" · ");
}
