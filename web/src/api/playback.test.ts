import { expect, test } from "vitest";
import type { ApiClient } from "./client";
import { PlaybackApi } from "./playback";

const START = {
  session_id: "ses_1",
  manifest_url: "/m/ast_1/v/dash.mpd",
  duration_seconds: 60,
  drm: {
    system: "org.w3.clearkey",
    licence_url: "/v1/playback/sessions/ses_1/licence/clearkey",
    licence_token: "first",
    expires_in: 120,
  },
  title: { name: "A film" },
};

test("a licence token that is about to run out is renewed before it is used", async () => {
  const posted: string[] = [];
  const client = {
    post: async (path: string) => {
      posted.push(path);
      return path === "/playback/start" ? START : { licence_token: "second", expires_in: 120 };
    },
  } as unknown as ApiClient;
  let now = 0;
  const { licence } = await new PlaybackApi(client, () => now).start("ttl_1");

  now = 100_000;
  expect(await licence.token()).toBe("first");
  now = 115_000;
  expect(await licence.token()).toBe("second");
  expect(await licence.token()).toBe("second");
  expect(posted).toEqual(["/playback/start", "/playback/sessions/ses_1/licence-token"]);
});
