// What the board does in the browser: filters, forms, listening, keys. The server renders; this only sends.
// Values from outside only ever travel as text (value, dataset), never as markup.
() => {
  if (!window.waypost || waypost.board) return;
  waypost.board = true;
  const KEYS = "waypost-board-keys";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(`#board ${selector}`);
  const button = (id) => document.querySelector(`button#${id}, #${id} button`);
  const meant = (value) => (value === "-" ? "" : value);

  let action = null;
  let file = null;
  let toOpen = null;
  let kept = null;
  let hearing = null;

  waypost.action = () => [window.location.search, JSON.stringify(action ?? {})];
  waypost.wantedFile = () => [window.location.search, file ?? ""];
  waypost.saved = (text) => {
    if (!text) return;
    const { name, text: body } = JSON.parse(text);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([body], { type: "application/octet-stream" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const inherited = waypost.instead;
  waypost.instead = (values) => {
    const query = toOpen;
    toOpen = null;
    return query === null ? inherited(values) : [query, ...values.slice(1)];
  };

  // One change after the other: a second one while the first is under way would be lost.
  const waiting = [];
  let busy = false;
  function next() {
    if (busy || !waiting.length) return;
    busy = true;
    document.body.classList.add("is-busy");
    action = waiting.shift();
    if (action.do === "reason") hearing = Number(action.contact);
    button("act")?.click();
  }
  const send = (what) => { waiting.push(what); next(); };
  waypost.acted = () => {
    busy = false;
    waypost.shown();
    next();
  };

  function go(query) {
    toOpen = query;
    button("open")?.click();
  }

  function filtered(name, value) {
    const query = new URLSearchParams(window.location.search);
    if (value) query.set(name, value); else query.delete(name);
    if (name === "status") query.delete("ignored");
    if (name === "ignored") query.delete("status");
    if (name !== "limit") query.delete("limit");
    const text = query.toString();
    window.history.replaceState({}, "", text ? `?${text}` : window.location.pathname);
    go(text ? `?${text}` : "?");
  }

  // After the server's answer: the field that was being used has the focus again, and what was typed meanwhile.
  function keep() {
    const at = document.activeElement;
    if (!at?.closest?.("#board") || !at.id) return;
    kept = { id: at.id, value: at.value, caret: at.selectionStart ?? null };
  }

  waypost.shown = () => {
    document.body.classList.toggle("is-busy", busy);
    const card = hearing && one(`.card[data-contact="${hearing}"]`);
    if (card) all("#board .card").forEach((each) => { each.hidden = each !== card; });
    hearing = null;
    const on = document.querySelector("#keys-on");
    if (on) on.checked = localStorage.getItem(KEYS) !== "off";
    if (kept) {
      const field = document.getElementById(kept.id);
      if (field) {
        if (field.type === "search") field.value = kept.value;
        field.focus({ preventScroll: true });
        if (kept.caret !== null && field.setSelectionRange) field.setSelectionRange(kept.caret, kept.caret);
      }
      kept = null;
    } else if (one(".card:not([hidden])")) one(".card:not([hidden])").focus({ preventScroll: true });
  };

  function collected(box) {
    const sent = JSON.parse(box.dataset.form);
    all("[data-field]", box).forEach((field) => {
      const value = meant(field.value.trim());
      sent[field.dataset.field] = field.dataset.list ? (value ? [value] : []) : value;
    });
    return sent;
  }

  function step(by) {
    const cards = all("#board .card");
    const now = cards.findIndex((card) => !card.hidden);
    const next = cards[now + by];
    if (!next) return;
    const heard = cards[now].dataset.contact;
    if (by > 0 && heard && !cards[now].dataset.sent) {
      cards[now].dataset.sent = "yes";
      send({ do: "read", contact: Number(heard) });
    }
    cards[now].hidden = true;
    next.hidden = false;
    next.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  const ticked = () => all("#board [data-split]:checked").map((box) => Number(box.value));

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-action], [data-submit], [data-set], [data-more], [data-download], "
      + "[data-step], [data-split-off], #board tbody tr, #board a[data-open]");
    if (!target) return;
    const { action: what, set, more, download, step: by, splitOff } = target.dataset;
    if (what) send(JSON.parse(what));
    else if ("submit" in target.dataset) send(collected(target.closest("[data-form]")));
    else if (set) { keep(); filtered(...set.split("=")); }
    else if (more) filtered("limit", more);
    else if (download) { file = download; button("fetch")?.click(); }
    else if (by) step(Number(by));
    else if (splitOff) {
      const name = target.parentElement.querySelector("[data-field]").value.trim();
      send({ do: "split", theme: splitOff, contacts: ticked(), name });
    } else if (target.matches("tr") && !event.target.closest("a, button") && !String(window.getSelection())) {
      target.querySelector("a[data-open]")?.click();
    } else if (target.matches("a[data-open]")) window.scrollTo(0, 0);
  });

  let typing = 0;
  document.addEventListener("input", (event) => {
    const field = event.target.closest("#board [data-filter]");
    if (!field || field.type !== "search") return;
    clearTimeout(typing);
    typing = setTimeout(() => { keep(); filtered("text", field.value.trim()); }, 350);
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.closest?.("#board")) return;
    const { filter, change, theme, reason, place } = field.dataset;
    if (filter && field.type !== "search") { keep(); filtered(filter, meant(field.value)); }
    else if (change) { keep(); send({ do: "set", theme, [change]: meant(field.value) }); }
    else if (place && meant(field.value)) send({ do: "place", theme: meant(field.value), contact: Number(place) });
    else if (reason) {
      const { of, was } = field.dataset;
      send({ do: "reason", contact: Number(reason), [of]: meant(field.value), was: meant(was) });
    }
    else if (field.id === "keys-on") localStorage.setItem(KEYS, field.checked ? "on" : "off");
    else if ("split" in field.dataset) {
      const bar = one(".split-bar");
      bar.hidden = ticked().length === 0;
      bar.querySelector(".ticked").textContent = `${ticked().length} ticked.`;
    }
  });

  // Single keys, never while somebody writes, and not at all when switched off.
  const rows = () => all("#board .themes tbody a");
  function move(by) {
    const found = rows();
    const now = found.indexOf(document.activeElement);
    found[Math.max(0, Math.min(found.length - 1, now + by))]?.focus();
  }
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    l: () => one(".listen-link")?.click(),
    a: () => one(".steps [data-action]")?.click(),
    u: () => document.querySelector("#notice [data-action]")?.click(),
    "/": () => one("input[type=search]")?.focus(),
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    Escape: () => one(".back")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
    if (writing && event.key === "Escape") event.target.blur();
    if (writing || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(KEYS) === "off") return;
    const work = keys[event.key];
    if (!work || !document.querySelector("#board")) return;
    if (event.key.startsWith("Arrow") && !one(".card")) return;
    event.preventDefault();
    work();
  });
}
