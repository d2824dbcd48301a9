// Saves a draft while it is written, and keeps on this device what did not go through.
(() => {
  const words = JSON.parse(document.currentScript.dataset.words);
  const form = document.getElementById("step"), status = document.getElementById("saved");
  if (!form || !status) return;
  const revision = form.elements.revision;
  const key = `draft:${form.dataset.draft}:${form.dataset.part}`;
  const SOON = 1500, AGAIN = 15000;  // milliseconds after typing, and after what failed
  // A web address without its beginning, as `reading.address` has it.
  const BARE = /^([a-z0-9-]+\.)+[a-z]{2,}(:\d{1,5})?([/?#]\S*)?$/i;
  // isOver: the page is left; isStopped: saving was refused, only the button above helps; isCutOff:
  // the server was not reached when it was asked last.
  let saved = text(), timer = 0, running = null, isOver = false, isStopped = false, isCutOff = false;

  // In the frame that keeps no cookie a document outlives what it sends, and what fails.
  const isLasting = () => "Authorization" in (window.launchHeaders?.() ?? {});

  function text() {
    const fields = new URLSearchParams(new FormData(form));
    for (const name of ["csrf_token", "revision"]) fields.delete(name);
    for (const [name, value] of [...fields])  // what a page says again of words, and searches
      if (name.endsWith(".kept") || name.endsWith(".more") || (name.endsWith(".instead") && !value)) fields.delete(name);
    return fields.toString();
  }

  function kept(value, where = key) {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(where));
      if (value === null) localStorage.removeItem(where);
      else localStorage.setItem(where, JSON.stringify(value));
      return true;
    } catch {
      return null;
    }
  }

  function keep(fields = text()) {
    return kept({ at: Date.now(), revision: revision.value, fields });
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
    keep(now);
    if (isStopped) return null;
    running = send(now, leaving).finally(() => {
      running = null;
      if (!isOver && form.isConnected && text() !== saved && !isStopped)
        later(text() === now ? AGAIN : SOON);
      if (text() === saved) document.getElementById("unsaved")?.remove();
    });
    return running;
  }

  async function send(now, leaving) {
    const headers = { Accept: "application/json", ...(window.launchHeaders?.() ?? {}) };
    const body = new URLSearchParams(new FormData(form));
    for (const name of [...body.keys()])  // half a word of a search is nothing to keep
      if (name.endsWith(".more")) body.delete(name);
    say(words.saving);
    isCutOff = true;
    let answer, told = {};
    try {
      answer = await fetch(form.action, { method: "POST", body, headers, keepalive: leaving });
      told = await answer.json().catch(() => ({}));
    } catch {
      return say(keep(now) ? words.kept : words.lost);
    }
    if (answer.status >= 500 || answer.status === 429)
      return say(keep(now) ? words.busy : words.lost);
    isCutOff = false;
    if (!answer.ok || !told.revision) {
      isStopped = true;
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

  function later(wait = SOON) {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  // What browsers believe of the network is asked only where they say that there is none.
  async function isReached() {
    if (navigator.onLine) return true;
    const headers = window.launchHeaders?.() ?? {};
    return fetch(form.action, { method: "HEAD", headers }).then(() => true, () => false);
  }

  // A box above the form that asks; `answers`: words and what follows, the first one is the safe one.
  function ask(id, what, answers, more) {
    document.getElementById(id)?.remove();
    const box = document.createElement("div");
    box.id = id;
    box.className = "notice";
    box.tabIndex = -1;
    box.setAttribute("role", "alert");
    const said = document.createElement("p"), row = document.createElement("p");
    said.textContent = what;
    row.className = "actions";
    for (const [label, follows] of answers) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = label;
      button.addEventListener("click", () => {
        box.remove();
        follows();
      });
      row.append(button, " ");
    }
    box.append(said, ...(more ? [more] : []), row);
    form.before(box);
    return box;
  }

  // What was typed differs from what is kept, and the draft went on: whoever typed it chooses. What
  // was offered before and not answered stays with it.
  function offer(before, isFitting) {
    const former = `${key}:former`, earlier = kept(undefined, former);
    if (earlier && earlier.fields !== before.fields) {
      before = { ...before, fields: `${earlier.fields}&${before.fields}`, isSeveral: true };
      isFitting = false;
    }
    if (!kept(before, former)) return;
    kept(null);
    const now = new URLSearchParams(saved);
    const lines = [...new Set([...new URLSearchParams(before.fields)]
      .filter(([name, value]) => value && !name.endsWith(".code") && !now.getAll(name).includes(value))
      .map(([, value]) => value))];
    if (!lines.length) return void kept(null, former);
    const shown = document.createElement("textarea");
    shown.readOnly = true;
    shown.rows = Math.min(lines.length + 1, 8);
    shown.value = lines.join("\n");
    shown.setAttribute("aria-label", words.typed);
    const answers = [[words.drop, () => kept(null, former)]];
    if (isFitting)
      answers.unshift([words.put, () => {
        restore(before);
        kept(null, former);
        keep();
        save();
      }]);
    ask("typed-before", isFitting ? words.offer : words.copy, answers, shown);
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

  function codes(fields) {
    return String([...new URLSearchParams(fields)].filter(([name]) => name.endsWith(".code")));
  }

  const before = kept() ?? kept(undefined, `${key}:former`);
  if (before?.fields === saved) kept(null);
  else if (before && !form.dataset.conflict) {
    const isFitting = !before.isSeveral && codes(before.fields) === codes(saved);
    if (isFitting && before.revision === revision.value) {
      restore(before);
      say(words.found);
      later();
    } else offer(before, isFitting);
  }

  form.addEventListener("input", () => later());
  form.addEventListener("change", ({ target }) => {
    if (target.inputMode === "url" && BARE.test(target.value.trim()))
      target.value = `https://${target.value.trim()}`;
    save();
  });
  // Saved first, so that nothing is kept of what went through; without a network the page stays.
  let isSent = false;
  form.addEventListener("submit", event => {
    clearTimeout(timer);
    const isSaved = text() === saved && !running && (isSent || navigator.onLine);
    if (isOver || isStopped || isSaved) {
      isSent = false;
      isOver = !isLasting();
      if (text() !== saved) keep();
      return;
    }
    event.preventDefault();
    const button = event.submitter;
    const ready = Promise.resolve(running).then(() => save());
    ready.then(() => isCutOff && text() !== saved ? false : isReached()).then(isThere => setTimeout(() => {
      if (!form.isConnected) return;
      if (isThere) {
        isSent = true;
        return form.requestSubmit(button);
      }
      const unsaved = `${words.unsaved} ${keep() ? words.stays : words.open}`;
      const what = text() === saved ? words.cut : unsaved;
      ask("unsaved", what, [[words.again, () => form.requestSubmit(button)]]).focus();
    }));
  });
  // A link waits until what was typed last is saved; where that fails, it is asked about.
  document.addEventListener("click", event => {
    const link = event.target.closest("a[href]");
    const isPlain = !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !isPlain || link.target || link.hasAttribute("download")) return;
    if (isOver || !form.isConnected || (text() === saved && !running)) return;
    if (link.hash && link.pathname + link.search === location.pathname + location.search) return;
    event.preventDefault();
    event.stopPropagation();
    const soon = new Promise(done => setTimeout(done, 5000));
    const leave = () => {
      isOver = true;
      link.click();
      isOver = !isLasting();
    };
    Promise.race([Promise.resolve(running).then(() => save()), soon]).finally(() => {
      if (!form.isConnected) return;
      if (text() === saved) return leave();
      const again = () => {
        isStopped = false;
        link.click();
      };
      const what = `${words.unsaved} ${keep() ? words.stays : words.goes}`;
      ask("unsaved", what, [[words.again, again], [words.leave, leave]]).focus();
    });
  }, true);
  addEventListener("beforeunload", event => {
    if (!isOver && form.isConnected && text() !== saved && (isStopped || !keep())) event.preventDefault();
  });
  addEventListener("online", () => {
    if (!form.isConnected) return;
    save();
    if (text() === saved) document.getElementById("unsaved")?.remove();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && form.isConnected) save(true);
  });
})();
