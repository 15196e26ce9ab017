import { expect, test } from "vitest";
import { choosePath, matchRoute, parentPath, safeReturnPath, titlePath, watchPath } from "./routing";

test.each([
  ["/", { page: "home" }],
  ["/callback", { page: "callback" }],
  ["/staff", { page: "staff" }],
  ["/staff/members/", { page: "members" }],
  ["/staff/nobody", { page: "not-found" }],
  ["/account", { page: "account" }],
  ["/staffroom", { page: "not-found" }],
  ["/profiles", { page: "profiles", view: "choose" }],
  ["/profiles/manage", { page: "profiles", view: "manage" }],
  ["/profiles/prf_01", { page: "profiles", view: { profileId: "prf_01" } }],
  ["/title/ttl_01", { page: "title", titleId: "ttl_01" }],
  ["/watch/ttl_01/", { page: "watch", titleId: "ttl_01" }],
  ["/watch/", { page: "not-found" }],
  ["/watch/a/b", { page: "not-found" }],
  ["/watch/..%2Fv1", { page: "not-found" }],
  ["/nowhere", { page: "not-found" }],
])("%s is %o", (path, route) => {
  expect(matchRoute(path)).toEqual(route);
});

test("the paths of a title lead back to it", () => {
  expect(matchRoute(titlePath("ttl_1"))).toEqual({ page: "title", titleId: "ttl_1" });
  expect(watchPath("ttl_1", { fromStart: true })).toBe("/watch/ttl_1?from=start");
});

test.each(["//evil.example/x", "https://evil.example", "/\\evil.example", "/callback?code=x"])(
  "after sign-in nobody is sent to %s",
  (path) => {
    expect(safeReturnPath(path)).toBe("/");
  },
);

test("after sign-in the person is where they wanted to be", () => {
  expect(safeReturnPath("/watch/ttl_1?from=start")).toBe("/watch/ttl_1?from=start");
});

test.each([
  ["/watch/ttl_1", "/title/ttl_1"],
  ["/title/ttl_1", "/"],
  ["/profiles", "/"],
  ["/profiles/new", "/profiles/manage"],
  ["/staff/members", "/staff"],
  ["/account", "/"],
  ["/nowhere", "/"],
  ["/", null],
])("above %s is %s", (path, parent) => {
  expect(parentPath(matchRoute(path))).toBe(parent);
});

test("after choosing who watches the person is where they wanted to be", () => {
  const asked = new URL(choosePath("/watch/ttl_1?from=start"), "https://watch.example");
  expect(asked.pathname).toBe("/profiles");
  expect(asked.searchParams.get("to")).toBe("/watch/ttl_1?from=start");
});
