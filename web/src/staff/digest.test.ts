import { expect, test } from "vitest";
import { sha256Base64 } from "./digest";

test("a part's digest is base64 of its SHA-256", async () => {
  expect(await sha256Base64(new Blob(["abc"]))).toBe(
    "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
  );
});
