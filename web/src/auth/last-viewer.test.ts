import { expect, test } from "vitest";
import { LastViewer } from "./last-viewer";

function storage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

test("a browser is at who was signed in last, until that account signs out", () => {
  const here = storage();
  const viewer = new LastViewer(() => here);
  expect(viewer.read()).toBeNull();

  viewer.keep({ accountId: "acc_1", profileId: "prf_1" });
  viewer.keep({ accountId: "acc_2", profileId: "prf_2" });
  viewer.keep({ accountId: "acc_2", profileId: "prf_3" });
  viewer.forget("acc_1");
  expect(viewer.read()).toEqual({ accountId: "acc_2", profileId: "prf_3" });

  viewer.forget("acc_2");
  expect(viewer.read()).toBeNull();
});

test("where nothing may be kept nothing is anybody's", () => {
  const viewer = new LastViewer(() => {
    throw new DOMException("no storage", "SecurityError");
  });

  viewer.keep({ accountId: "acc_1", profileId: "prf_1" });
  viewer.forget("acc_1");

  expect(viewer.read()).toBeNull();
});
