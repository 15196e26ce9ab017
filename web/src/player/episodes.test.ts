import { expect, test } from "vitest";
import type { Progress } from "../api/progress";
import type { SeriesDetail, Title } from "../api/titles";
import { episodeAfter, fullName, nextToWatch } from "./episodes";

const episode = (season: number, number: number): Title => ({
  titleId: `ttl_${season}${number}`,
  name: `Episode ${number}`,
  durationSeconds: 100,
  posterUrl: null,
  episodeOf: { seriesId: "srs_1", series: "The Tide", season, episode: number },
  maturity: 0,
});

const SERIES: SeriesDetail = {
  seriesId: "srs_1",
  name: "The Tide",
  posterUrl: null,
  seasonCount: 2,
  episodeCount: 3,
  seasons: [
    { number: 1, episodes: [episode(1, 1), episode(1, 2)] },
    { number: 2, episodes: [episode(2, 1)] },
  ],
};

/** Places reached, the latest first. */
const watched = (...places: readonly (readonly [string, number])[]) =>
  new Map<string, Progress>(
    places.map(([titleId, positionSeconds]) => [
      titleId,
      { titleId, positionSeconds, durationSeconds: 100, recordedAt: 0 },
    ]),
  );

test("the last episode of a season is followed by the first of the next", () => {
  expect(episodeAfter(SERIES, "ttl_11")?.titleId).toBe("ttl_12");
  expect(episodeAfter(SERIES, "ttl_12")?.titleId).toBe("ttl_21");
});

test("nothing follows the last episode, or a title that is not of the series", () => {
  expect(episodeAfter(SERIES, "ttl_21")).toBeNull();
  expect(episodeAfter(SERIES, "ttl_film")).toBeNull();
});

test("a series that was never watched begins at its first episode", () => {
  expect(nextToWatch(SERIES, watched(["ttl_film", 50]))?.titleId).toBe("ttl_11");
});

test("a series goes on in the episode that was watched last", () => {
  expect(nextToWatch(SERIES, watched(["ttl_12", 40], ["ttl_21", 70]))?.titleId).toBe("ttl_12");
});

test("after a finished episode comes the next one", () => {
  expect(nextToWatch(SERIES, watched(["ttl_12", 95]))?.titleId).toBe("ttl_21");
});

test("a series seen to its end begins again", () => {
  expect(nextToWatch(SERIES, watched(["ttl_21", 100]))?.titleId).toBe("ttl_11");
});

test("a series without episodes has nothing to watch", () => {
  expect(nextToWatch({ ...SERIES, seasons: [] }, watched())).toBeNull();
});

test("an episode is named with its series and its number, a film by its name alone", () => {
  expect(fullName("Low Water", episode(1, 2).episodeOf)).toBe("The Tide · S1 E2 · Low Water");
  expect(fullName("Spectrum", null)).toBe("Spectrum");
});
