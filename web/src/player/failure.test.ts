import { expect, test } from "vitest";
import { ApiError, ConnectionError } from "../api/problem";
import { endedBy, failureFrom, UnsupportedBrowser } from "./failure";

const shaka = (code: number, ...data: unknown[]) => ({ code, data, severity: 2, category: 1 });

const badStatus = (status: number, body = "", contentType = "text/xml") =>
  shaka(1001, "https://watch.example/m/x", status, body, { "content-type": contentType });

test("a refused licence says so, in the API's words when it gave any", () => {
  const problem = JSON.stringify({ code: "licence_refused", detail: "This play is over." });

  expect(failureFrom(shaka(6007, badStatus(403)))).toMatchObject({
    code: "6007",
    title: "The licence was refused",
    detail:
      "This film may not be played with your account at the moment. " +
      "Try again for a new one, or choose another title.",
  });
  expect(failureFrom(shaka(6007, badStatus(403, problem, "application/problem+json")))).toMatchObject(
    { code: "6007", detail: "This play is over. Try again to continue where you stopped." },
  );
});

test("a licence server that cannot be reached is the connection's fault, not a refusal", () => {
  expect(failureFrom(shaka(6007, shaka(1002)))).toMatchObject({ code: "6007", isConnection: true });
});

test("a licence token that could not be renewed says why, not that a filter threw", () => {
  const gone = new ApiError(404, "session_not_found", "This play has ended", "No such play.");

  expect(failureFrom(shaka(6007, shaka(1006, gone)))).toMatchObject({ code: "session_not_found" });
  expect(failureFrom(shaka(6007, shaka(1006, new ConnectionError("x"))))).toMatchObject({
    code: "offline",
    isConnection: true,
  });
});

test("a licence server in trouble is not a refusal either", () => {
  expect(failureFrom(shaka(6007, badStatus(503)))?.title).toBe(
    "Marquee has a problem on its side",
  );
});

test.each([
  [403, "Your permission to watch has run out"],
  [404, "A part of this film is missing"],
  [500, "Marquee has a problem on its side"],
])("a segment answered %d says %s", (status, title) => {
  expect(failureFrom(badStatus(status))).toMatchObject({ code: "1001", title });
});

test.each([1002, 1003, 1010])("%d is the connection", (code) => {
  expect(failureFrom(shaka(code))).toMatchObject({ code: String(code), isConnection: true });
});

test.each([7000, 7001, 7003])("%d is the viewer leaving, and no failure", (code) => {
  expect(failureFrom(shaka(code))).toBeNull();
});

test("a request given up on leaving is no failure", () => {
  expect(failureFrom(new DOMException("left", "AbortError"))).toBeNull();
});

test("a code that Shaka will only have one day is a fault of the player", () => {
  expect(failureFrom(shaka(99999))).toMatchObject({
    code: "99999",
    title: "This title stopped playing",
  });
});

test("a browser without what streaming needs is told which ones have it", () => {
  expect(failureFrom(new UnsupportedBrowser())).toMatchObject({
    code: "unsupported_browser",
    canRetry: false,
  });
});

test("a refusal of the API is shown in its own sentence", () => {
  const title = "Not available where you are";
  const refusal = new ApiError(403, "not_in_your_country", title, "Not in your country.");

  expect(failureFrom(refusal)).toEqual({
    code: "not_in_your_country",
    title,
    detail: "Not in your country.",
    canRetry: false,
    isConnection: false,
  });
});

test("no connection at all is told apart from everything else", () => {
  expect(failureFrom(new ConnectionError("x"))).toMatchObject({
    code: "offline",
    isConnection: true,
  });
  expect(failureFrom(new Error("x"))).toMatchObject({ code: "unexpected", isConnection: false });
});

test("a start that finds no screen names the plays that have them", () => {
  const streams = [
    { session_id: "ses_1", device: "Kitchen", profile: "prf_1", title: "A film", started_at: "t" },
  ];
  const refused = new ApiError(403, "too_many_streams", "Somebody else is watching", "Full.", null, {
    streams,
  });

  expect(failureFrom(refused)?.streams).toEqual([
    { sessionId: "ses_1", device: "Kitchen", profileId: "prf_1", title: "A film", startedAt: "t" },
  ]);
});

test.each([
  badStatus(403),
  badStatus(401),
  shaka(6007, badStatus(403)),
  new ApiError(403, "licence_refused", "", ""),
  shaka(6007, shaka(1006, new ApiError(404, "session_not_found", "", ""))),
])("a refusal on the way may mean that the play is over", (refusal) => {
  expect(failureFrom(refusal)?.mayBeOver).toBe(true);
});

test.each([badStatus(404), badStatus(500), shaka(1002), shaka(6007, badStatus(503))])(
  "trouble on the way does not",
  (trouble) => {
    expect(failureFrom(trouble)?.mayBeOver).toBeUndefined();
  },
);

test.each([
  ["taken_over", true],
  ["lapsed", true],
  ["signed_out", false],
  ["account_blocked", false],
])("a play ended as %s is told in its sentence", (reason, canRetry) => {
  const failure = endedBy({ reason, sentence: "Somebody took this screen." });

  expect(failure).toMatchObject({ code: reason, title: "This play was stopped", canRetry });
  expect(failure.detail).toContain("Somebody took this screen.");
});
