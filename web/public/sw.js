// Opens the app without the network, for whoever keeps titles on this device. With the network
// every page and every answer comes from there; films and the API never pass through the cache.
const APP = "marquee app";
const PAGES = ["/index.html", "/config.json"];

self.addEventListener("install", (event) => {
  event.waitUntil(keep());
  self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const answer = () => event.ports[0].postMessage("done");
  event.waitUntil(keep().then(answer, answer));
});

// The app's files first: a page is worth having only with all that it names. Names hold a digest
// of their content, so what is here already is right, and what the app lost since can go.
async function keep() {
  const cache = await caches.open(APP);
  const parts = await (await fetch("/parts.json", { cache: "no-cache" })).json();
  const missing = [];
  for (const part of parts) if (!(await cache.match(part))) missing.push(part);
  await cache.addAll(missing);
  await cache.addAll(PAGES.map((page) => new Request(page, { cache: "no-cache" })));
  const wanted = new Set([...parts, ...PAGES]);
  for (const { url } of await cache.keys()) {
    if (!wanted.has(new URL(url).pathname)) await cache.delete(url);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(networkFirst(request, "/index.html"));
  else if (pathname === "/config.json") event.respondWith(networkFirst(request, pathname));
  else if (pathname.startsWith("/assets/")) event.respondWith(cacheFirst(request));
});

async function networkFirst(request, otherwise) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(otherwise, { cacheName: APP });
    if (kept === undefined) throw error;
    return kept;
  }
}

async function cacheFirst(request) {
  return (await caches.match(request, { cacheName: APP })) ?? fetch(request);
}
