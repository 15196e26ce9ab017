import { expect, test } from "vitest";
import { ConfigError, parseConfig } from "./config";

const DOCUMENT = {
  issuer: "https://auth.example/",
  client_id: "web",
  api: "/v1",
  beacons: "https://beacons.example/v1/beacons",
};

test("addresses lose a trailing slash, so that paths can follow", () => {
  expect(parseConfig(DOCUMENT)).toEqual({
    issuer: "https://auth.example",
    clientId: "web",
    api: "/v1",
    beacons: "https://beacons.example/v1/beacons",
  });
});

test.each([[null], [{}], [{ ...DOCUMENT, issuer: "" }], [{ ...DOCUMENT, beacons: undefined }]])(
  "%o is refused, not guessed",
  (document) => {
    expect(() => parseConfig(document)).toThrow(ConfigError);
  },
);
