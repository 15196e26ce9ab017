import { expect, test } from "vitest";
import { SessionEnded } from "../auth/session";
import { type Beacon, BeaconsApi } from "./beacons";
import type { ApiClient } from "./client";
import { ApiError, ConnectionError } from "./problem";

const START: Beacon = { kind: "start", at: 0, positionSeconds: 1.5, durationSeconds: 60 };

function api(post: () => Promise<unknown>, now = 0) {
  const posted: [string, unknown][] = [];
  const client = {
    post: (path: string, body: unknown) => {
      posted.push([path, body]);
      return post();
    },
    postWhileLeaving: async (path: string, body: unknown) => {
      posted.push([path, body]);
      return false;
    },
  } as unknown as ApiClient;
  return { api: new BeaconsApi(client, () => now), posted };
}

test("a batch goes in base64, with its play's ticket and the moments", async () => {
  const { api: beacons, posted } = api(async () => null, 2_000);

  expect(await beacons.tell("a ticket", [START])).toBe("taken");

  const [path, body] = posted[0] ?? [];
  expect(path).toBe("");
  expect(JSON.parse(atob((body as { data: string }).data))).toEqual({
    ticket: "a ticket",
    sent_at: "1970-01-01T00:00:02.000Z",
    beacons: [
      { kind: "start", at: "1970-01-01T00:00:00.000Z", position_seconds: 1.5, duration_seconds: 60 },
    ],
  });
});

test("no beacon comes from the future of a clock that was set back", async () => {
  const { api: beacons, posted } = api(async () => null, 0);

  await beacons.tell("a ticket", [{ ...START, at: 60_000 }]);

  const { data } = posted[0]?.[1] as { data: string };
  expect((JSON.parse(atob(data)) as { beacons: [{ at: string }] }).beacons[0].at).toBe(
    "1970-01-01T00:00:00.000Z",
  );
});

test.each([
  ["an unknown ticket of an account", new ApiError(403, "http_403", "", ""), "refused"],
  ["a stream without room", new ApiError(400, "http_400", "", ""), "refused"],
  ["a gateway that is throttled", new ApiError(429, "http_429", "", ""), "unheard"],
  ["a service in trouble", new ApiError(503, "http_503", "", ""), "unheard"],
  ["no network", new ConnectionError(""), "unheard"],
  ["nobody signed in", new SessionEnded(""), "unheard"],
])("%s troubles nobody", async (_what, error, told) => {
  const { api: beacons } = api(() => Promise.reject(error));

  expect(await beacons.tell("a ticket", [START])).toBe(told);
  expect(await beacons.tellWhileLeaving("a ticket", [START])).toBe("unheard");
});

test("where the film came from is told where it is known", async () => {
  const { api: beacons, posted } = api(async () => null);

  await beacons.tell("a ticket", [{ ...START, cdn: "b", failedCdns: ["a"] }]);

  const { data } = posted[0]?.[1] as { data: string };
  expect(JSON.parse(atob(data)).beacons[0]).toMatchObject({ cdn: "b", failed_cdns: ["a"] });
});
