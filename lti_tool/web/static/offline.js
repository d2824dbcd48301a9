// Signing off without network: a list of learners and what was ticked lie in this browser until it
// is sent. Lists belong to a person in a course; whoever came last from a course is here.
(() => {
  const told = document.currentScript.dataset;
  const kept = JSON.parse(told.kept), words = JSON.parse(told.words);
  const brought = told.brought && JSON.parse(told.brought);
  const at = id => document.getElementById(id);
  const DAY = 24 * 3600 * 1000, BATCH = 50, PATIENCE = 30000;
  const ENDED = ["session_missing", "session_expired", "form_token"];
  const fill = (text, what) => text.replace("{}", what);
  let person = brought?.person, lists = [], ticks = [], list = null, opened = null;
  let isSending = false, isOver = false, isRemoved = false;

  // What is stored: `lists` by id, `ticks` by key, and in `here` who came last.
  const base = () => opened ??= new Promise((use, fail) => {
    const asked = indexedDB.open("offline", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("lists", { keyPath: "id" });
      asked.result.createObjectStore("ticks", { keyPath: "key" });
      asked.result.createObjectStore("here");
    };
    asked.onsuccess = () => use(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  async function store(name, act, mode = "readwrite") {
    const open = (await base()).transaction(name, mode, { durability: "strict" });
    const asked = act(open.objectStore(name));
    return new Promise((use, fail) => {
      open.oncomplete = () => use(asked?.result);
      open.onabort = open.onerror = () => fail(open.error);
    });
  }
  const all = name => store(name, one => one.getAll(), "readonly");
  const others = "BroadcastChannel" in window ? new BroadcastChannel("offline") : null;
  async function change(name, act) {
    await store(name, act);
    others?.postMessage("changed");
  }
  // Changes what is there at that moment, and brings back nothing that is gone.
  const amend = (name, key, act) => change(name, each => {
    const found = each.get(key);
    found.onsuccess = () => found.result && act(each, found.result);
  });
  if (others) others.onmessage = () => load().then(show);

  async function load() {
    const [everyList, everyTick] = await Promise.all([all("lists"), all("ticks")]);
    lists = everyList.filter(one => one.person === person);
    ticks = everyTick.filter(one => one.person === person);
    list = lists.find(one => one.id === list?.id) ?? lists[0] ?? null;
  }

  // Whose days are over goes, whoever's it is.
  async function forget() {
    const old = (since, days) => Date.now() - since > days * DAY;
    const everyTick = await all("ticks");
    for (const one of everyTick)
      if (old(Date.parse(one.at), kept.oldest)) await store("ticks", each => each.delete(one.key));
    for (const one of await all("lists")) {
      if (!old(one.taken, kept.days)) continue;
      const isWaited = everyTick.some(tick => tick.list === one.id && !old(Date.parse(tick.at), kept.oldest));
      if (!isWaited) await store("lists", each => each.delete(one.id));
      else if (one.learners.length) await amend("lists", one.id, (each, now) => each.put({ ...now, learners: [] }));
    }
  }

  // The page itself, with its files, for this release and language.
  async function keepPage() {
    const worker = await navigator.serviceWorker.register(kept.worker, { scope: kept.page });
    const cache = await caches.open(kept.name);
    const page = await fetch(`${kept.page}?lang=${document.documentElement.lang}`);
    if (!page.ok) throw new Error("no page");
    await cache.addAll(kept.files);
    await cache.put(kept.page, page);
    for (const name of await caches.keys())
      if (name.startsWith("offline-") && name !== kept.name) await caches.delete(name);
    const coming = worker.installing || worker.waiting;
    if (!worker.active) await new Promise((use, fail) => coming.addEventListener("statechange", () => {
      if (coming.state === "activated") use();
      if (coming.state === "redundant") fail(new Error("redundant"));
    }));
  }

  async function take() {
    at("take").disabled = true;
    try {
      await keepPage();
      await keepList();
      // Not waited for: Firefox asks the reader first, who may never answer.
      navigator.storage?.persist?.().catch(() => {});
    } catch {
      at("take").disabled = false;
      return complain(words.cannot);
    }
    complain();
    say(words.taken);
    await load();
    show();
    at("course").focus();
  }

  async function keepList() {
    const before = (await all("lists")).find(one => one.id === brought.id);
    await change("lists", each => each.put({ ...brought, taken: Date.now(), notes: before?.notes ?? {} }));
    await change("here", each => each.put(person, "person"));
    list = { id: brought.id };
  }

  // A visit is good for every list of its person in its course.
  async function renew() {
    const { queue, token, grid, courseId } = brought;
    for (const one of await all("lists"))
      if (one.person === person && one.courseId === courseId)
        await amend("lists", one.id, (each, now) => each.put({ ...now, queue, token, grid }));
  }

  const mine = () => ticks.filter(one => one.list === list?.id);
  const waiting = () => mine().filter(one => !one.words);
  const unit = () => list.units.find(one => one.code === at("unit").value) ?? list.units[0];
  const noted = (learner, code, part) => waiting().find(
    one => one.learner === learner.id && one.unit === code && one.part === part);

  async function note(learner, part, points) {
    const its = unit(), before = noted(learner, its.code, part?.code ?? null);
    const name = part ? `${its.title}, ${part.title}` : its.title;
    const tick = {
      key: [...crypto.getRandomValues(new Uint8Array(16))].map(one => one.toString(16).padStart(2, "0")).join(""),
      list: list.id, person, version: list.version, learner: learner.id, name: learner.name, unit: its.code, title: name,
      part: part?.code ?? null, points, at: new Date().toISOString(), tried: false,
    };
    try {
      await change("ticks", each => {
        const replace = () => {
          if (points !== "") each.put(tick);
          if (before) each.delete(before.key);
        };
        if (!before) return replace();
        const found = each.get(before.key);
        found.onsuccess = () => found.result?.tried || replace();
      });
    } catch {
      complain(fill(words.full, `${learner.name}, ${name}`));
    }
    await load();
    showCount();
  }

  async function drop(tick) {
    await amend("ticks", tick.key, (each, now) => (now.tried && !now.words) || each.delete(now.key));
    await load();
    show();
    (tick.words || at("waiting").hidden ? at("course") : at("waiting").firstElementChild).focus();
  }

  // What was refused waits again, unless the same was noted anew.
  async function retry(tick) {
    if (noted({ id: tick.learner }, tick.unit, tick.part)) return drop(tick);
    await amend("ticks", tick.key, (each, now) => each.put({ ...now, words: "" }));
    await load();
    show();
    at("course").focus();
    await send(true);
  }

  // Sends what waits, list by list; of two tabs one at a time.
  async function send(isAsked) {
    if (isSending) return;
    if (!navigator.onLine) {
      if (isAsked) say(), complain(words.later);
      return;
    }
    isSending = true;
    isRemoved = false;
    at("send").disabled = true;
    const once = async () => {
      await load();
      const done = { recorded: 0, refused: 0, stop: "" };
      done.isBegun = ticks.some(tick => !tick.words && lists.some(one => one.id === tick.list));
      if (!done.isBegun) return done;
      say(words.sending);
      done.stop = await hindrance();
      if (done.stop) return done;
      for (const one of lists) if (done.stop !== words.later) await sendList(one, done);
      return done;
    };
    try {
      const done = await (navigator.locks ? navigator.locks.request("offline", once) : once());
      if (done.isBegun || isAsked) {
        const said = [done.recorded && fill(words.recorded, done.recorded), done.refused && fill(words.refused, done.refused)];
        const text = said.filter(Boolean).join(" ");
        if (text || !isRemoved) say(text);
        complain(done.stop);
        if (done.recorded) at("grid").hidden = false;
      }
    } catch {
      complain(words.failed);
    }
    isSending = false;
    at("send").disabled = false;
    await load();
    show();
  }

  async function sendList(one, done) {
    for (;;) {
      const batch = await claim(one.id);
      if (!batch.length) return;
      const { answers, stop, isUnread } = await post(one, batch);
      if (!answers) return void await settle(batch, (each, now, number) => {
        if (isUnread) each.put({ ...now, tried: batch[number].tried });
        done.stop = stop;
      });
      const recorded = batch.filter((_, number) => answers[number].status !== "refused");
      await settle(batch, (each, now, number) => {
        const { status, words: why, passing } = answers[number];
        if (status !== "refused") return each.delete(now.key);
        each.put({ ...now, tried: false, words: why, isPassing: passing });
        done.refused += 1;
      });
      await amend("lists", one.id, (each, now) => {
        for (const { learner, unit } of recorded) {
          const state = now.learners.find(other => other.id === learner)?.state;
          if (state && state[unit] !== "complete") state[unit] = "sent";
        }
        each.put(now);
      });
      done.recorded += recorded.length;
    }
  }

  // Changes what of a batch is still here: what was removed meanwhile stays away.
  const settle = (batch, act) => change("ticks", each => batch.forEach((tick, number) => {
    const found = each.get(tick.key);
    found.onsuccess = () => found.result && act(each, found.result, number);
  }));

  async function within(patience, act) {
    const ended = new AbortController(), timer = setTimeout(() => ended.abort(), patience);
    try {
      return await act(ended.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  // Returns why nothing can be sent: browsers believe in networks that lead nowhere. Asked before
  // anything is claimed, so that all of it can still be undone.
  async function hindrance() {
    try {
      const answer = await within(PATIENCE, signal =>
        fetch(kept.worker, { method: "HEAD", cache: "no-store", signal }));
      return answer.ok ? "" : words.failed;
    } catch {
      return words.later;
    }
  }

  // Returns what of a list is sent next; from now on it cannot be undone here.
  async function claim(id) {
    let batch = [];
    await change("ticks", each => {
      const found = each.getAll();
      found.onsuccess = () => {
        batch = found.result.filter(one => one.list === id && !one.words).slice(0, BATCH);
        batch.forEach(one => each.put({ ...one, tried: true }));
      };
    });
    return batch;
  }

  async function post(one, batch) {
    const items = batch.map(({ key, version, learner, unit, part, points, at }) =>
      ({ key, version, learner, unit, part, points, at, note: one.notes[unit] ?? "" }));
    const body = new URLSearchParams({
      csrf_token: one.token,
      queue: JSON.stringify({ person: one.person, sent_at: new Date().toISOString(), items }),
    });
    try {
      const [answer, said] = await within(PATIENCE, async signal => {
        const answer = await fetch(`${one.queue}?placement=${one.placement}`, {
          method: "POST", body, headers: { Accept: "application/json" }, signal,
        });
        return [answer, await answer.json()];
      });
      if (answer.ok && said.answers?.length === batch.length) return said;
      if (ENDED.includes(said.code)) return { stop: words.again, isUnread: true };
      if (answer.status === 403) return { stop: said.detail, isUnread: true };
      if (answer.status === 429) return { stop: words.failed, isUnread: true };
      if (answer.ok || answer.status >= 500) return { stop: words.failed };
      return { answers: batch.map(() => ({ status: "refused", words: said.detail, passing: true })) };
    } catch {
      return { stop: words.later };
    }
  }

  async function remove() {
    const { id } = list;
    await change("ticks", each => {
      const found = each.getAll();
      found.onsuccess = () => found.result.filter(one => one.list === id).forEach(one => each.delete(one.key));
    });
    await change("lists", each => each.delete(id));
    if (!(await all("lists")).length) {
      await change("here", each => each.clear());
      for (const name of await caches.keys()) if (name.startsWith("offline-")) await caches.delete(name);
      for (const one of await navigator.serviceWorker.getRegistrations())
        if (new URL(one.scope).pathname === kept.page) await one.unregister();
    }
    isOver = isRemoved = true;
    say(words.gone);
    complain();
    await load();
    show();
    at("told").focus();
  }

  // What is shown.
  function say(text = "") {
    at("told").hidden = !text;
    at("told").textContent = text;
  }
  function complain(text = "") {
    at("problem").hidden = !text;
    at("problem").textContent = text;
  }
  function make(kind, given = {}, ...inside) {
    const made = Object.assign(document.createElement(kind), given);
    made.append(...inside);
    return made;
  }
  const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const time = text => new Date(text).toLocaleString(
    document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

  function show() {
    const isNew = brought && !isOver && !lists.some(one => one.id === brought.id);
    at("ask").hidden = !isNew;
    at("work").hidden = isNew || !list;
    at("nothing").hidden = isNew || Boolean(list);
    if (isNew) {
      at("ask-course").textContent = `${brought.course} · ${brought.title}`;
      at("ask-count").textContent = brought.learners.length;
    }
    if (isNew || !list) return;
    at("which-field").hidden = lists.length < 2;
    options("which", lists.map(one => [one.id, `${one.course} · ${one.title}`]), list.id);
    at("course").textContent = list.course || list.title;
    at("about").textContent = list.title;
    options("unit", list.units.map(one => [one.code, one.title]), list.unit);
    at("grid").href = list.grid;
    at("desk").hidden = !list.learners.length;
    showUnit();
    showCount();
  }

  function options(id, wanted, chosen) {
    at(id).replaceChildren(...wanted.map(([value, text]) => make("option", { value, textContent: text })));
    at(id).value = chosen;
    if (at(id).selectedIndex < 0) at(id).selectedIndex = 0;
  }

  function showUnit() {
    const its = unit();
    at("statement").hidden = !its.statement;
    at("stated").textContent = its.statement ?? "";
    const here = document.activeElement, focused = here?.id;
    if (here !== at("note")) at("note").value = list.notes[its.code] ?? "";
    if (here?.matches(".ticking .points")) {  // nothing that is being typed is written over
      here.onblur = () => setTimeout(() => load().then(show));
      return;
    }
    at("learners").replaceChildren(...list.learners.map(one => row(one, its)));
    if (focused) at(focused)?.focus();
    find();
  }

  function row(learner, its) {
    const state = learner.state[its.code];
    if (its.parts) {
      const fields = its.parts.map(part => points(learner, its, part));
      return make("li", {}, make("span", {}, learner.name, stateOf(state)), ...fields);
    }
    const tick = noted(learner, its.code, null), box = make("input", { type: "checkbox" });
    box.id = `tick-${learner.id}`;
    box.checked = Boolean(tick);
    box.disabled = Boolean(tick?.tried);
    const said = make("span", { className: "quiet block" });
    const tell = () => said.textContent = box.disabled ? words.tried : box.checked ? words.noted : words[state ?? "open"];
    box.onchange = async () => {
      await note(learner, null, box.checked ? null : "");
      box.checked = Boolean(noted(learner, its.code, null));
      tell();
    };
    tell();
    const name = make("span", {}, learner.name, said);
    return make("li", {}, (state === "complete" || state === "sent") && !tick
      ? name : make("label", { className: "choice" }, box, name));
  }

  const stateOf = state => make("span", { className: "quiet block", textContent: words[state ?? "open"] });

  function points(learner, its, part) {
    const id = `points-${learner.id}-${part?.code ?? ""}`, tick = noted(learner, its.code, part?.code ?? null);
    const field = make("input", { id, type: "text", inputMode: "decimal", autocomplete: "off", className: "points" });
    field.value = tick?.points ?? "";
    field.disabled = Boolean(tick?.tried);
    const label = `${part ? `${part.title}: ` : ""}${fill(words.points, its.shown)}`;
    const problem = make("span", { id: `${id}-problem`, className: "problem", hidden: true });
    field.onchange = async () => {
      const text = field.value.trim(), value = Number(text.replace(",", "."));
      const isRight = !text || (/^\d{1,6}([.,]\d{1,3})?$/.test(text) && value <= Number(its.maximum));
      problem.hidden = isRight;
      problem.textContent = isRight ? "" : fill(words.number, its.shown);
      field.toggleAttribute("aria-invalid", false);
      if (!isRight) return void field.setAttribute("aria-invalid", "true");
      await note(learner, part, text);
    };
    field.setAttribute("aria-describedby", problem.id);
    return make("label", { className: "marking" },
      make("span", {}, label, make("span", { className: "unseen", textContent: ` ${learner.name}` })), field, problem);
  }

  function find() {
    const wanted = plain(at("find").value).split(/\s+/).filter(Boolean);
    let found = 0;
    [...at("learners").children].forEach((one, number) => {
      const name = plain(list.learners[number].name);
      one.hidden = !wanted.every(word => name.includes(word));
      found += !one.hidden;
    });
    at("nobody").textContent = found || !list.learners.length ? "" : words.nobody;
  }

  function showCount() {
    const queue = waiting().sort((one, other) => one.at < other.at ? -1 : 1), refused = mine().filter(one => one.words);
    at("count").textContent = fill(words.unsent, queue.length);
    at("send").hidden = at("waiting").hidden = !queue.length;
    at("lost").textContent = queue.length ? fill(words.unsent, queue.length) : "";
    at("queue").replaceChildren(...queue.map(one => entry(one, one.tried ? words.tried : time(one.at), !one.tried && [words.undo, drop])));
    at("refusals").hidden = !refused.length;
    at("refused-list").replaceChildren(...refused.map(
      one => entry(one, one.words, one.isPassing && [words.retry, retry], [words.dismiss, drop])));
  }

  function entry(tick, why, ...acts) {
    const what = `${tick.name}, ${tick.title}${tick.points ? `: ${tick.points}` : ""}`;
    const buttons = acts.filter(Boolean).map(([text, act]) =>
      make("button", { type: "button", className: "button", onclick: () => act(tick) }, text,
        make("span", { className: "unseen", textContent: ` ${what}` })));
    return make("li", {}, make("span", {}, what, make("span", { className: "quiet block", textContent: why })),
      ...(buttons.length ? [make("span", { className: "actions" }, ...buttons)] : []));
  }

  at("take").onclick = take;
  at("send").onclick = () => send(true);
  at("removal").onclick = remove;
  at("find").oninput = find;
  at("unit").onchange = async () => {
    showUnit();
    await amend("lists", list.id, (each, now) => each.put({ ...now, unit: at("unit").value }));
    await load();
  };
  at("which").onchange = () => { list = lists.find(one => one.id === at("which").value); show(); };
  at("note").onchange = async () => {
    const { code, title } = unit(), text = at("note").value.trim();
    await amend("lists", list.id, (each, now) => each.put({ ...now, notes: { ...now.notes, [code]: text } }))
      .catch(() => complain(fill(words.full, title)));
    await load();
  };
  at("course").tabIndex = at("told").tabIndex = -1;
  addEventListener("online", () => send());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && navigator.onLine && waiting().length) send();
  });

  async function begin() {
    at("scriptless").remove();
    history.replaceState(null, "", kept.page);
    if (!isSecureContext || !navigator.serviceWorker || !window.indexedDB || !window.caches)
      return complain(words.cannot);
    await forget();
    const every = await all("lists");
    if (brought && every.length) await change("here", each => each.put(person, "person"));
    person ??= await store("here", each => each.get("person"), "readonly");
    if (every.some(one => one.id === brought?.id)) {
      await renew();
      await keepList();
      say(words.renewed);
    } else if (brought) await renew();
    await load();
    show();
    if (!navigator.onLine) return;
    if (lists.length && !(await caches.has(kept.name))) keepPage().catch(() => {});
    if (ticks.some(one => !one.words)) await send();
  }
  begin().catch(() => complain(words.cannot));
})();
