import { expect, test } from "vitest";
import { ConfigError, parseConfig } from "./config";

test("addresses lose a trailing slash, so that paths can follow", () => {
  expect(parseConfig({ issuer: "https://auth.example/", client_id: "web", api: "/v1" })).toEqual({
    issuer: "https://auth.example",
    clientId: "web",
    api: "/v1",
  });
});

test.each([[null], [{}], [{ issuer: "", client_id: "web", api: "/v1" }]])(
  "%o is refused, not guessed",
  (document) => {
    expect(() => parseConfig(document)).toThrow(ConfigError);
  },
);
