import { expect, test } from "vitest";
import type { Device } from "../api/devices";
import { deviceWords, placesWords } from "./words";

const TV: Device = {
  deviceId: "dev_1",
  name: "Living room",
  kind: "tv",
  isRegistered: true,
  isThis: false,
  lastSeen: "2026-11-01T12:00:00+00:00",
  sessions: ["2026-11-01T12:00:00+00:00"],
};
const LIST = { devices: [TV], limit: 3, registered: 1, nextPlaceAt: null };

test("a device is told by what it is and how it stands", () => {
  expect(deviceWords(TV)).toBe("TV");
  expect(deviceWords({ ...TV, isThis: true })).toBe("TV · this device");
  expect(deviceWords({ ...TV, kind: "fridge", sessions: [], isRegistered: false })).toBe(
    "Device · signed out · without a place",
  );
});

test("who has a device without a place is told the way out", () => {
  const devices = [TV, { ...TV, isRegistered: false }];

  expect(placesWords(LIST)).toBe("1 of 3 places taken.");
  expect(placesWords({ ...LIST, devices })).toContain("Remove one to make room");
  expect(placesWords({ ...LIST, devices, nextPlaceAt: "2026-12-01T12:00:00+00:00" })).toContain(
    "the next place is free on",
  );
});
