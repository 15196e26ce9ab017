/** Whether this machine has a network at all, and waiting. */

export interface Network {
  isOnline(): boolean;
  /** Once there is a network, or rejects when the signal says stop. */
  online(signal: AbortSignal): Promise<void>;
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

function until(signal: AbortSignal, arrange: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let forget = (): void => undefined;
    const stopped = (): void => {
      forget();
      reject(new DOMException("stopped", "AbortError"));
    };
    if (signal.aborted) return stopped();
    signal.addEventListener("abort", stopped, { once: true });
    forget = arrange(() => {
      signal.removeEventListener("abort", stopped);
      forget();
      resolve();
    });
  });
}

export const browserNetwork: Network = {
  isOnline: () => navigator.onLine,
  online: (signal) =>
    navigator.onLine
      ? Promise.resolve()
      : until(signal, (done) => {
          window.addEventListener("online", done);
          return () => window.removeEventListener("online", done);
        }),
  wait: (milliseconds, signal) =>
    until(signal, (done) => {
      const timer = setTimeout(done, milliseconds);
      return () => clearTimeout(timer);
    }),
};
