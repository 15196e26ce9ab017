import { expect, test } from "vitest";
import type { ApiClient } from "./client";
import { PlaybackApi, type Start } from "./playback";
import { ApiError, ConnectionError } from "./problem";

const START = {
  session_id: "ses_1",
  ticket: "a ticket",
  manifest_url: "/m/ast_1/v/dash.mpd",
  cdns: [{ cdn_id: "watch.test", manifest_url: "/m/ast_1/v/dash.mpd" }],
  duration_seconds: 60,
  drm: {
    system: "org.w3.clearkey",
    licence_url: "/v1/playback/sessions/ses_1/licence/clearkey",
    licence_token: "first",
    expires_in: 120,
    licence: { keys: [{ kty: "oct", kid: "a", k: "b" }, { kty: "oct", kid: "c", k: "d" }] },
  },
  title: { name: "A film", episode_of: null , markers: { intro: null, credits_at_seconds: null }},
};

const DEVICE = { family: "shaka", drm: "clearkey", max_height: 1080 } as const;

test("a licence token that is about to run out is renewed before it is used", async () => {
  const posted: string[] = [];
  const client = {
    post: async (path: string) => {
      posted.push(path);
      return path === "/playback/start" ? START : { licence_token: "second", expires_in: 120 };
    },
  } as unknown as ApiClient;
  let now = 0;
  const api = new PlaybackApi(client, () => now, "https://watch.test", fetch, () => DEVICE);
  const { licence } = await api.start("ttl_1");

  now = 100_000;
  expect(await licence.token()).toBe("first");
  now = 115_000;
  expect(await licence.token()).toBe("second");
  expect(await licence.token()).toBe("second");
  expect(posted).toEqual(["/playback/start", "/playback/sessions/ses_1/licence-token"]);
});

test("what a PIN has opened is told to the title's next start alone", async () => {
  const bodies: unknown[] = [];
  const client = {
    post: async (_path: string, body: unknown) => {
      bodies.push(body);
      return START;
    },
  } as unknown as ApiClient;
  const api = new PlaybackApi(client, () => 0, "https://watch.test", fetch, () => DEVICE);

  api.open("ttl_1", "a grant");
  await api.start("ttl_2");
  await api.start("ttl_1");
  await api.start("ttl_1");

  const grants = bodies.map((body) => (body as { pin_grant?: string }).pin_grant);
  expect(grants).toEqual([undefined, "a grant", undefined]);
});

/** A service that fails in these ways, one start after the other, and then answers. */
function failing(...failures: Error[]): { api: PlaybackApi; ids: string[] } {
  const ids: string[] = [];
  const client = {
    post: async (_path: string, body: { request_id: string }) => {
      ids.push(body.request_id);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return START;
    },
  } as unknown as ApiClient;
  return { api: new PlaybackApi(client, () => 0, "https://watch.test", fetch, () => DEVICE), ids };
}

const refusal = (status: number, code: string): ApiError => new ApiError(status, code, "", "", null);

test.each([
  ["no answer", new ConnectionError("away")],
  ["a failure of the service", refusal(503, "unavailable")],
])("a start that got %s is made again under its own name", async (_name, failure) => {
  const { api, ids } = failing(failure);

  await expect(api.start("ttl_1")).rejects.toBe(failure);
  await api.start("ttl_2");
  await api.start("ttl_1");
  await api.start("ttl_1");

  expect(ids[0]).toMatch(/^[\w-]{16,64}$/);
  expect(ids[2]).toBe(ids[0]);
  expect(new Set(ids).size).toBe(3);
});

test("a start that was refused is another one next time", async () => {
  const { api, ids } = failing(refusal(403, "too_many_streams"));

  await expect(api.start("ttl_1")).rejects.toThrow();
  await api.start("ttl_1", undefined, "ses_2");

  expect(new Set(ids).size).toBe(2);
});

test("a play that has ended since its answer was lost is begun anew at once", async () => {
  const { api, ids } = failing(new ConnectionError("away"), refusal(409, "play_over"));

  await expect(api.start("ttl_1")).rejects.toThrow();
  expect((await api.start("ttl_1")).sessionId).toBe("ses_1");

  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});

function startOf(drm: object): Promise<Start> {
  const client = { post: async () => ({ ...START, drm }) } as unknown as ApiClient;
  return new PlaybackApi(client, () => 0, "https://watch.test", fetch, () => DEVICE).start("ttl_1");
}

test("the keys that come with a start need no asking", async () => {
  expect((await startOf(START.drm)).licence.keys).toEqual({ a: "b", c: "d" });
});

test("a start without keys is asked for its licence", async () => {
  expect((await startOf({ ...START.drm, licence: null })).licence.keys).toBeNull();
});

const VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\na.jpg#xywh=0,0,160,90\n";

function answering(respond: () => Promise<Response>): PlaybackApi {
  const client = { post: async () => STORYBOARD_START } as unknown as ApiClient;
  return new PlaybackApi(client, () => 0, "https://watch.test", respond, () => DEVICE);
}

const STORYBOARD_START = { ...START, storyboard_url: "/m/ast_1/v/storyboard.vtt" };

test("a storyboard is read from where the start says", async () => {
  const api = answering(async () => new Response(VTT));
  const start = await api.start("ttl_1");

  const storyboard = await api.storyboard(start, new AbortController().signal);

  expect(storyboard?.at(1)?.url).toBe("https://watch.test/m/ast_1/v/a.jpg");
});

test.each([
  ["refused", async () => new Response("no", { status: 403 })],
  ["out of reach", () => Promise.reject(new TypeError("network"))],
])("a film is watched without a storyboard that is %s", async (_name, respond) => {
  const api = answering(respond);

  expect(await api.storyboard(await api.start("ttl_1"), new AbortController().signal)).toBeNull();
});

test("taking over names the play that ends, and why a play ended is read", async () => {
  const sent: unknown[] = [];
  const client = {
    post: async (_path: string, body: unknown) => {
      sent.push(body);
      return START;
    },
    get: async (path: string) =>
      path.endsWith("ses_2")
        ? { session_id: "ses_2", state: "ended", reason: "taken_over", sentence: "Taken." }
        : { session_id: "ses_1", state: "playing", reason: null, sentence: null },
  } as unknown as ApiClient;
  const api = new PlaybackApi(client, () => 0, "https://watch.test", fetch, () => DEVICE);

  await api.start("ttl_1", undefined, "ses_2");

  expect(sent).toMatchObject([{ title_id: "ttl_1", device: DEVICE, take_over: "ses_2" }]);
  const { signal } = new AbortController();
  expect(await api.ending("ses_2", signal)).toEqual({ reason: "taken_over", sentence: "Taken." });
  expect(await api.ending("ses_1", signal)).toBeNull();
});
