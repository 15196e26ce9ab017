import { expect, test } from "vitest";
import { ApiError, ConnectionError } from "../api/problem";
import { failureFrom } from "./failure";

const shaka = (code: number, ...data: unknown[]) => ({ code, data, severity: 2, category: 1 });

const badStatus = (status: number, body = "", contentType = "text/xml") =>
  shaka(1001, "https://watch.example/m/x", status, body, { "content-type": contentType });

test("a refused licence says so, in the API's words when it gave any", () => {
  const problem = JSON.stringify({ code: "licence_refused", detail: "This play is over." });

  expect(failureFrom(shaka(6007, badStatus(403)))).toMatchObject({
    code: "6007",
    title: "The licence was refused",
    detail: "This film may not be played with your account at the moment.",
  });
  expect(failureFrom(shaka(6007, badStatus(403, problem, "application/problem+json")))).toMatchObject(
    { code: "6007", detail: "This play is over." },
  );
});

test("a licence server that cannot be reached is the connection's fault, not a refusal", () => {
  expect(failureFrom(shaka(6007, shaka(1002)))).toMatchObject({ code: "6007", isConnection: true });
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

test("a code without words of its own gets those of its category", () => {
  expect(failureFrom(shaka(4001))?.title).toBe("This film could not be opened");
  expect(failureFrom(shaka(9999))?.title).toBe("This title stopped playing");
});

test("a refusal of the API is shown in its own sentence", () => {
  const refusal = new ApiError(403, "not_in_your_country", "Forbidden", "Not in your country.");

  expect(failureFrom(refusal)).toEqual({
    code: "not_in_your_country",
    title: "Not available where you are",
    detail: "Not in your country.",
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
