// Shows the page for signing off where there is no network. It keeps nothing by itself: the page
// puts itself and its files into the cache once somebody takes a list along.
const PAGE = new URL("./", location).pathname;
const PATIENCE = 4000;
const kept = request => caches.match(request, { ignoreVary: true });

addEventListener("install", () => skipWaiting());
addEventListener("activate", event => event.waitUntil(clients.claim()));
addEventListener("fetch", event => {
  const { request } = event, to = new URL(request.url);
  if (request.method !== "GET" || to.origin !== location.origin) return;
  if (request.mode !== "navigate") event.respondWith(file(request));
  else if (to.pathname === PAGE) event.respondWith(page(request));
});

async function file(request) {
  return await kept(request) ?? fetch(request);
}

async function page(request) {
  const stored = await kept(PAGE);
  if (!stored) return fetch(request);
  const tired = new Promise((_, give) => setTimeout(give, PATIENCE));
  const answer = await Promise.race([fetch(request), tired]).catch(() => null);
  return answer?.ok ? answer : stored;
}
