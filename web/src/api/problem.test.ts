import { expect, test } from "vitest";
import { errorFrom } from "./problem";

const refused = (code: string, detail = "No.") =>
  errorFrom(403, "application/problem+json", JSON.stringify({ code, detail }));

test("a known code has a title of ours, the API's sentence, and what to do", () => {
  expect(refused("outside_rights_window", "This title is not available yet.")).toMatchObject({
    code: "outside_rights_window",
    title: "Not available at the moment",
    message: "This title is not available yet. Choose another title.",
  });
});

test.each(["not_a_code_of_ours", "toString", "__proto__"])(
  "the unknown code %s has the words of its status",
  (code) => {
    expect(refused(code)).toMatchObject({ code, title: "Not available to you", message: "No." });
  },
);

test("what stands before the API writes for machines: only its status is used", () => {
  expect(errorFrom(429, "application/json", '{"message":"Too Many Requests"}')).toMatchObject({
    code: "http_429",
    title: "One moment",
  });
  expect(errorFrom(502, "text/html", "<h1>Bad gateway</h1>").message).not.toContain("<");
});
