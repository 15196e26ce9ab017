/** Loads something for a page: remembered answer first, then the fresh one, or why there is none. */
import { useCallback, useEffect, useState } from "react";
import { useServices } from "../services";

export type Loaded<T> =
  | { readonly status: "loading" }
  | { readonly status: "ready"; readonly value: T }
  | { readonly status: "failed"; readonly error: unknown; readonly retry: () => void };

interface Options {
  /** Ask again this often while the page is looked at; an answer stays until a better one comes. */
  readonly againEveryMs?: number;
}

/** `load` must keep its identity between renders; `key` names its answer among the remembered. */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { againEveryMs }: Options = {},
): Loaded<T> {
  const { remembered } = useServices();
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<{ key: string; value?: T; error?: unknown } | null>(null);
  const retry = useCallback(() => {
    setAnswer(null);
    setAttempt((count) => count + 1);
  }, []);

  useEffect(() => {
    const leaving = new AbortController();
    load(leaving.signal).then(
      (value) => {
        if (leaving.signal.aborted) return;
        remembered.set(key, value);
        setAnswer({ key, value });
      },
      (error: unknown) => {
        if (leaving.signal.aborted) return;
        setAnswer((shown) => (shown?.key === key && "value" in shown ? shown : { key, error }));
      },
    );
    return () => leaving.abort();
  }, [key, load, remembered, attempt]);

  useEffect(() => {
    if (againEveryMs === undefined) return undefined;
    const again = setInterval(() => {
      if (document.visibilityState === "visible") setAttempt((count) => count + 1);
    }, againEveryMs);
    return () => clearInterval(again);
  }, [againEveryMs]);

  if (answer?.key === key) {
    if (answer.error !== undefined) return { status: "failed", error: answer.error, retry };
    return { status: "ready", value: answer.value as T };
  }
  if (remembered.has(key)) return { status: "ready", value: remembered.get(key) as T };
  return { status: "loading" };
}
