/** Lets the app itself open without the network, once it keeps a title: see public/sw.js. */

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** The app as it is served now is kept for the next time. */
export async function keepAppOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(trusted("/sw.js"), { updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  if (active === null) return;
  const answered = new MessageChannel();
  const done = new Promise<void>((resolve) => {
    answered.port1.onmessage = () => resolve();
  });
  active.postMessage("keep", [answered.port2]);
  await done;
}

/** Nothing is kept any more: the app is served by the network alone again. */
export async function leaveAppOnline(): Promise<void> {
  const worker = await navigator.serviceWorker?.getRegistration();
  await worker?.unregister();
}

/** The page takes addresses of scripts from a policy alone: require-trusted-types-for. */
function trusted(url: string): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  policy ??= types?.createPolicy("marquee-service-worker", { createScriptURL: (one) => one });
  return policy?.createScriptURL(url) ?? url;
}

let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;
