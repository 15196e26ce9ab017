import { expect, test } from "vitest";
import { LastAccount } from "./last-account";

function storage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

test("a browser is at the account that was signed in last, until that one signs out", () => {
  const here = storage();
  const account = new LastAccount(() => here);
  expect(account.read()).toBeNull();

  account.keep("acc_1");
  account.keep("acc_2");
  account.forget("acc_1");
  expect(account.read()).toBe("acc_2");

  account.forget("acc_2");
  expect(account.read()).toBeNull();
});

test("where nothing may be kept nothing is anybody's", () => {
  const account = new LastAccount(() => {
    throw new DOMException("no storage", "SecurityError");
  });

  account.keep("acc_1");
  account.forget("acc_1");

  expect(account.read()).toBeNull();
});
