// Saves a draft while it is written, and keeps on this device what did not go through.
(() => {
  const words = JSON.parse(document.currentScript.dataset.words);
  const form = document.getElementById("step"), status = document.getElementById("saved");
  if (!form || !status) return;
  const revision = form.elements.revision;
  const key = `draft:${form.dataset.draft}:${form.dataset.part}`;
  let saved = text(), timer = 0, running = null, isOver = false;

  function text() {
    const fields = new URLSearchParams(new FormData(form));
    for (const name of ["csrf_token", "revision"]) fields.delete(name);
    for (const [name, value] of [...fields])  // what a page says again of words it has kept
      if (name.endsWith(".kept") || (name.endsWith(".instead") && !value)) fields.delete(name);
    return fields.toString();
  }

  function kept(value) {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(key));
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch {
      return null;
    }
  }

  function say(what) {
    if (status.textContent !== what) status.textContent = what;
  }

  function clock() {
    const parts = { hour: "numeric", minute: "2-digit" };
    return new Date().toLocaleTimeString(document.documentElement.lang, parts);
  }

  function save(leaving = false) {
    clearTimeout(timer);
    const now = text();
    if (isOver || now === saved || (running && !leaving)) return running;
    kept({ at: Date.now(), fields: now });
    running = send(now, leaving).finally(() => {
      running = null;
      if (!isOver && form.isConnected && text() !== saved && text() !== now) later();
    });
    return running;
  }

  async function send(now, leaving) {
    const headers = { Accept: "application/json", ...(window.launchHeaders?.() ?? {}) };
    const body = new URLSearchParams(new FormData(form));
    say(words.saving);
    let answer, told = {};
    try {
      answer = await fetch(form.action, { method: "POST", body, headers, keepalive: leaving });
      told = await answer.json().catch(() => ({}));
    } catch {
      return say(kept({ at: Date.now(), fields: now }) ? words.kept : words.lost);
    }
    if (!answer.ok || !told.revision) {
      isOver = true;
      return say(told.code === "draft_changed_elsewhere" ? words.conflict : words.failed);
    }
    saved = now;
    revision.value = told.revision;
    if (text() === now) kept(null);
    say(`${words.saved} ${clock()}`);
    list(told.checklist);
    mended(told.amiss ?? {});
  }

  // Takes away what was said of a field that is right by now; nothing is called wrong while typing.
  function mended(amiss) {
    for (const hint of form.querySelectorAll('[id$="-problem"]')) {
      const id = hint.id.replace(/-problem$/, "");
      if (amiss[id]) continue;
      hint.remove();
      document.getElementById(id)?.removeAttribute("aria-invalid");
    }
    const box = document.querySelector(".problem.amiss");
    for (const line of box?.querySelectorAll("[data-about]") ?? [])
      if (!amiss[line.dataset.about]) line.remove();
    if (box && !box.querySelector("[data-about]")) box.remove();
  }

  function list(html) {
    const aside = document.getElementById("checklist");
    if (!aside || !html) return;
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    const first = aside.querySelector("h3:last-of-type");
    while (aside.firstChild && aside.firstChild !== first) aside.firstChild.remove();
    first.before(...fresh.childNodes);
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(save, 1500);
  }

  function restore({ fields }) {
    const was = new URLSearchParams(fields);
    for (const field of form.elements) {
      if (!field.name || field.type === "hidden" || field.tagName === "BUTTON") continue;
      const values = was.getAll(field.name);
      if (field.type === "checkbox" || field.type === "radio")
        field.checked = values.includes(field.value);
      else field.value = values.at(-1) ?? "";
    }
  }

  const before = kept();
  if (before?.fields === saved) kept(null);
  else if (before && !form.dataset.conflict) {
    const same = [...new URLSearchParams(before.fields)].filter(one => one[0].endsWith(".code"));
    const here = [...new URLSearchParams(saved)].filter(one => one[0].endsWith(".code"));
    if (String(same) === String(here)) {
      restore(before);
      say(words.found);
      later();
    }
  }

  form.addEventListener("input", later);
  form.addEventListener("change", () => save());
  form.addEventListener("submit", event => {
    clearTimeout(timer);
    if (running && !isOver) {
      event.preventDefault();
      const button = event.submitter;
      running.finally(() => setTimeout(() => form.requestSubmit(button)));
      return;
    }
    isOver = true;
    kept({ at: Date.now(), fields: text() });
  });
  // A link waits until what was typed last is saved, so that the next page knows it.
  document.addEventListener("click", event => {
    const link = event.target.closest("a[href]");
    const isPlain = !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !isPlain || link.target || link.hasAttribute("download")) return;
    if (isOver || !form.isConnected || (text() === saved && !running)) return;
    if (link.hash && link.pathname + link.search === location.pathname + location.search) return;
    event.preventDefault();
    event.stopPropagation();
    const soon = new Promise(done => setTimeout(done, 5000));
    Promise.race([Promise.resolve(running).then(() => save()), soon]).finally(() => {
      if (!form.isConnected) return;
      isOver = true;
      link.click();
    });
  }, true);
  addEventListener("online", () => form.isConnected && save());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && form.isConnected) save(true);
  });
})();
