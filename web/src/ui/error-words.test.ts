import { expect, test } from "vitest";
import { ApiError, ConnectionError } from "../api/problem";
import { errorWords, fieldOf } from "./error-words";

const refused = new ApiError(422, "invalid_input", "", "file_name: at most 255 characters.");

test("a refused input names its field, in the service's own sentence", () => {
  expect(fieldOf(refused)).toBe("file_name");
  expect(errorWords(refused)).toBe("file_name: at most 255 characters.");
});

test("what is no refused input names none", () => {
  expect(fieldOf(new ApiError(409, "conflict", "", "name: is taken."))).toBeNull();
  expect(fieldOf(new ConnectionError("name: lost"))).toBeNull();
});

test("what is gone is said to be gone, and a lost network to be lost", () => {
  expect(errorWords(new ApiError(404, "x", "", "No."))).toContain("deleted it");
  expect(errorWords(new ConnectionError("x"))).toContain("out of reach");
  expect(errorWords(new Error("inner"))).not.toContain("inner");
});
