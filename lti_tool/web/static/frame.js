// The pages of a launch where the browser keeps no cookie in the frame of an LMS. This document
// stays; each page is fetched with the launch's bearer and put in place.
(() => {
  const root = document.documentElement;
  const { words, ...told } = document.currentScript.dataset;
  const { working, failed, again } = JSON.parse(words);
  const { nonce } = document.currentScript;
  let launch = told.launch, bearer = launch && storage.get(launch);
  let shown = "", running = null;
  const bar = document.createElement("div");
  bar.setAttribute("role", "status");

  const say = (text, isSeen) => {
    bar.className = isSeen ? "bar-status" : "unseen";
    bar.textContent = text;
  };
  const here = () => location.pathname + location.search;
  const isOurs = to => to.origin === location.origin && to.pathname.startsWith(launch);

  async function ask(address, sent, use) {
    if (running) {
      if (running.isPost) return;
      running.abort();
    }
    const mine = running = new AbortController();
    mine.isPost = sent.method === "POST";
    const timer = setTimeout(() => say(working, shown || !told.confirm), 400);
    root.setAttribute("aria-busy", "true");
    try {
      const headers = { Accept: "text/html, */*;q=0.5" };
      if (bearer) headers.Authorization = `Bearer ${bearer}`;
      const answer = await fetch(address, { ...sent, headers, signal: mine.signal });
      const body = await answer.blob();
      if (running !== mine) return;
      running = null;
      say("");
      await use(answer, body);
    } catch (error) {
      if (running === mine) running = null;
      else if (error.name === "AbortError") return;
      say(failed, true);
      const button = document.createElement("button");
      button.className = "button";
      button.textContent = again;
      button.onclick = () => ask(address, sent, use);
      bar.append(" ", button);
      root.classList.remove("arriving");
    } finally {
      clearTimeout(timer);
      if (!running) root.removeAttribute("aria-busy");
    }
  }

  function open(address, { keep = "pushState", y = 0, ...sent } = {}) {
    return ask(address, sent, async (answer, body) => {
      const to = new URL(answer.url);
      to.hash = new URL(address, location).hash;
      if (!body.type.startsWith("text/html")) return save(answer, body);
      if (!isOurs(to)) return location.assign(to);
      if (to.pathname + to.search === here()) keep = "replaceState";
      else if (keep === "pushState") history.replaceState({ y: scrollY }, "");
      if (keep) history[keep](null, "", to);
      put(await body.text(), y);
    });
  }

  function put(html, y = 0) {
    const page = new DOMParser().parseFromString(html, "text/html");
    document.title = page.title;
    root.lang = page.documentElement.lang;
    root.dir = page.documentElement.dir;
    root.classList.remove("arriving");
    document.body.className = page.body.className;
    document.body.replaceChildren(...page.body.childNodes);
    shown = here();
    const news = [...document.querySelectorAll("main [role=status], main [role=alert]")];
    say([document.title, ...news.map(one => one.textContent.trim())].join(". "));
    const place = location.hash && document.getElementById(location.hash.slice(1));
    const start = place || document.querySelector("h1") || document.getElementById("main");
    start.tabIndex = -1;
    start.focus({ preventScroll: true });
    if (place) place.scrollIntoView(); else scrollTo(0, y);
    const waits = document.querySelector("[data-again]"), address = here();
    if (waits) setTimeout(() => here() === address && waits.isConnected
      && open(address, { keep: "", y: scrollY }), waits.dataset.again * 1000);
    const leaving = document.querySelector("form[data-leaves]");
    if (leaving) leaving.submit();
    document.querySelectorAll("body script[src]").forEach(run);
  }

  // A page's own script, which stays silent in a page that is put in place.
  function run(written) {
    const script = document.createElement("script");
    Object.assign(script.dataset, written.dataset);
    Object.assign(script, { nonce, src: written.src });
    written.replaceWith(script);
  }
  window.launchHeaders = () => bearer ? { Authorization: `Bearer ${bearer}` } : {};

  function save(answer, body) {
    const link = document.createElement("a");
    const told = answer.headers.get("Content-Disposition");
    const own = /filename\*=UTF-8''([^;]+)/.exec(told), name = /filename="?([^";]+)/.exec(told);
    link.href = URL.createObjectURL(body);
    link.download = own ? decodeURIComponent(own[1]) : name ? name[1] : "";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  async function confirm() {
    const key = `login:${told.state}`;
    const proof = storage.get(key)
      || await storage.ofPlatform?.("lti.get_data", key, undefined, told).catch(() => null);
    if (!proof) return root.classList.add("unproven");
    const body = new URLSearchParams({ state: told.state, proof });
    ask(told.confirm, { method: "POST", body }, async (answer, found) => {
      storage.remove(key);
      if (!answer.ok) return put(await found.text());
      const first = JSON.parse(await found.text());
      ({ launch, bearer } = first);
      storage.set(launch, bearer);
      if (!first.page) return open(first.address, { keep: "replaceState" });
      history.replaceState(null, "", first.address);
      put(first.page);
    });
  }

  addEventListener("click", event => {
    const link = event.target.closest("a[href]");
    const isPlain = !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !isPlain || event.defaultPrevented || !launch) return;
    const to = new URL(link.href);
    const isHere = to.hash && to.pathname + to.search === here();
    if (isHere || !isOurs(to) || (link.target && link.target !== "_self")) return;
    event.preventDefault();
    open(to);
  });

  addEventListener("submit", event => {
    const form = event.target, button = event.submitter;
    const its = name => (button && button.getAttribute(`form${name}`)) || form.getAttribute(name);
    const to = new URL(its("action") || "", location);
    if (event.defaultPrevented || !launch || !isOurs(to) || its("target") === "_blank") return;
    event.preventDefault();
    const fields = new FormData(form);
    if (button && button.name) fields.append(button.name, button.value);
    const plain = new URLSearchParams(fields);
    if ((its("method") || "get").toLowerCase() === "get") {
      to.search = plain;
      return open(to);
    }
    const body = its("enctype") === "multipart/form-data" ? fields : plain;
    open(to, { method: "POST", body });
  });

  addEventListener("popstate", event => {
    if (launch && here() !== shown) open(location.href, { keep: "", y: event.state?.y });
  });
  addEventListener("pagehide", () => history.replaceState({ y: scrollY }, ""));
  history.scrollRestoration = "manual";

  if (bearer) {
    root.classList.add("arriving");
    open(location.href, { keep: "replaceState", y: history.state?.y });
  }
  root.append(bar);
  if (told.confirm) confirm();
})();
