// Suggests terms of ESCO while somebody types: a combobox with a list box (ARIA 1.2). Where the
// network fails the field takes any words, as it does without a script.
(() => {
  const { words: said, find } = document.currentScript.dataset;
  const words = JSON.parse(said), WAIT = 250, PATIENCE = 8000;

  for (const box of document.querySelectorAll(".searched")) suggest(box);

  function suggest(box) {
    const input = box.querySelector("input[type=text]"), list = document.createElement("ul");
    const field = document.getElementById(box.dataset.for), told = document.createElement("span");
    let timer = 0, telling = 0, running = null, options = [], active = -1;

    list.id = `${input.id}-list`;
    list.className = "suggestions";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", box.querySelector("label").textContent);
    told.className = "quiet block";
    told.setAttribute("role", "status");
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
    })) input.setAttribute(name, value);
    box.querySelector(".together").after(told, list);

    // Emptied first: what is the same as before would not be read out again.
    function say(what) {
      clearTimeout(telling);
      told.textContent = "";
      telling = setTimeout(() => { told.textContent = what; }, 50);
    }

    function close() {
      clearTimeout(timer);
      running?.abort();
      list.hidden = true;
      mark(-1);
      input.setAttribute("aria-expanded", "false");
    }

    function mark(number) {
      options[active]?.setAttribute("aria-selected", "false");
      active = number;
      const option = options[active];
      option?.setAttribute("aria-selected", "true");
      option?.scrollIntoView({ block: "nearest" });
      if (option) input.setAttribute("aria-activedescendant", option.id);
      else input.removeAttribute("aria-activedescendant");
    }

    function show(found) {
      options = found.map(({ uri, label }, number) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${number}`;
        option.lang = "en";
        option.textContent = label;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.addEventListener("mousedown", event => event.preventDefault());  // the focus stays
        option.addEventListener("click", () => choose({ uri, label }));
        option.choose = () => choose({ uri, label });
        return option;
      });
      list.replaceChildren(...options);
      list.hidden = !options.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      mark(-1);
      say(options.length ? words.some.replace("{count}", options.length) : words.none);
    }

    function choose({ uri, label }) {
      const lines = field.value.split("\n").filter(line => line.trim());
      const isThere = lines.some(line => line.trim().endsWith(uri));
      if (!isThere) {
        field.value = [...lines, `${label} ${uri}`].join("\n");
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
      input.value = "";
      close();
      say((isThere ? words.there : words.added).replace("{label}", label));
      input.focus();
    }

    async function search() {
      clearTimeout(timer);
      running?.abort();
      const wanted = input.value.trim();
      if (!wanted) {
        close();
        return say("");
      }
      const mine = running = new AbortController();
      const late = setTimeout(() => mine.abort("late"), PATIENCE);
      const query = new URLSearchParams({ in: box.dataset.in, words: wanted.slice(0, 200) });
      try {
        const headers = { Accept: "application/json", ...(window.launchHeaders?.() ?? {}) };
        const answer = await fetch(`${find}?${query}`, { headers, signal: mine.signal });
        if (!answer.ok) throw new Error(answer.status);
        const { found } = await answer.json();
        if (mine === running) show(found);
      } catch {
        if (mine !== running || (mine.signal.aborted && mine.signal.reason !== "late")) return;
        close();
        say(words.failed);
      } finally {
        clearTimeout(late);
      }
    }

    input.addEventListener("input", event => {
      event.stopPropagation();  // a search is nothing to save
      close();  // what it lists is of other words
      timer = setTimeout(search, WAIT);
    });
    input.addEventListener("change", event => event.stopPropagation());
    input.addEventListener("blur", () => {
      if (!list.hidden) say("");
      close();
    });
    input.addEventListener("keydown", event => {
      if (event.isComposing) return;
      const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (move) {
        event.preventDefault();
        if (list.hidden) return void search();
        const places = options.length + 1;  // the input is one of them
        mark(((active + 1 + move + places) % places) - 1);
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (active >= 0) options[active].choose();
        else search();
      } else if (event.key === "Escape" && (!list.hidden || input.value)) {
        event.preventDefault();
        if (list.hidden) input.value = "";
        close();
        say("");
      }
    });
    box.querySelector(".together button").addEventListener("click", event => {
      event.preventDefault();
      input.focus();
      search();
    });
  }
})();
