// What both pages do in the browser: select evidence, open drafts and gaps in place, keys, copying.
// Values from outside only ever travel as text (textContent, value), never as markup.
() => {
  if (window.waypost) return;
  const byId = (id) => document.getElementById(id);
  const field = (id) => byId(id)?.querySelector("textarea, input");
  const type = (id, text) => {
    const box = field(id);
    if (!box) return;
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const button = (id) => (byId(id)?.matches("button") ? byId(id) : byId(id)?.querySelector("button"));
  const press = (id) => button(id)?.click();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const show = (target, block = "center") => target.scrollIntoView({ block, behavior: calm ? "auto" : "smooth" });

  function select(n) {
    const target = byId(`source-${n}`);
    if (!target) return;
    document.querySelectorAll("mark.is-selected, .cite.is-selected").forEach((e) => e.classList.remove("is-selected"));
    target.classList.add("is-selected");
    document.querySelectorAll(`.cite[data-cite="${n}"]`).forEach((e) => e.classList.add("is-selected"));
    target.focus({ preventScroll: true });
    const { top, bottom } = target.getBoundingClientRect();
    if (top < 60 || bottom > window.innerHeight - 20) show(target);
  }

  function use(text, closing) {
    const box = field("reply");
    const now = box.value.trimEnd();
    const before = closing && now.endsWith(closing) ? now.slice(0, now.length - closing.length).trimEnd() : now;
    const after = before !== now ? `\n\n${closing}` : "";
    type("reply", `${before ? `${before}\n\n` : ""}${text}${after}`);
    box.focus();
    box.setSelectionRange(box.value.length - after.length, box.value.length - after.length);
    show(box);
  }

  function toClipboard(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    // Plain http on a local network has no clipboard interface; the old way still works there.
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("The browser does not allow copying."));
  }

  function say(text, kind, ...more) {
    const line = document.createElement("p");
    line.className = `notice is-${kind}`;
    const words = document.createElement("span");
    words.textContent = text;
    line.append(words, ...more);
    const place = byId("page-notice") ?? (document.querySelector(".gradio-container") ?? document.body).appendChild(
      Object.assign(document.createElement("div"), { id: "page-notice", role: "status" }));
    place.replaceChildren(line);
  }

  function copyNow() {
    byId("page-notice")?.replaceChildren();
    toClipboard(field("reply").value).then(() => press("copied"), (error) => say(error.message, "bad"));
  }

  function copy() {
    if (!document.querySelector("#draft [data-internal]")) return copyNow();
    const anyway = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy anyway" });
    anyway.className = "small-button";
    anyway.addEventListener("click", copyNow);
    say("This draft cites an internal source. Take out what a customer must not read.", "warn", anyway);
    anyway.focus();
  }

  function opened(kind, id) {
    const wanted = id ? `?${kind}=${encodeURIComponent(id)}` : window.location.pathname;
    if (window.location.search !== (id ? wanted : "")) window.history.pushState({}, "", wanted);
    if (id && matchMedia("(max-width: 720px)").matches) show(byId("work-pane") ?? document.body, "start");
  }

  // The server's words stay long enough to be read and acted on, then make room.
  function watchNotice() {
    const place = byId("notice");
    if (!place || place.role === "status") return;
    place.setAttribute("role", "status");
    let timer = 0;
    new MutationObserver(() => {
      byId("page-notice")?.replaceChildren();
      place.classList.remove("is-gone");
      clearTimeout(timer);
      if (!place.querySelector(".is-bad")) {
        timer = setTimeout(() => place.classList.add("is-gone"), place.querySelector("button") ? 20000 : 6000);
      }
    }).observe(place, { childList: true, subtree: true, characterData: true, attributeFilter: ["data-said"] });
  }

  // What the next event takes instead of a component's value: set by a link or an example, used once.
  let wanted = null;
  function instead(values) {
    const first = wanted ?? values[0];
    wanted = null;
    return [first, ...values.slice(1)];
  }

  window.waypost = {
    copy, opened, instead,
    asking: (on) => { document.body.classList.toggle("is-asking", on); },
    ask: (values) => { waypost.asking(true); return instead(values); },
    filtered: (values) => {
      const named = ["status", "reason", "channel", "text"].map((name, i) => [name, values[i] ?? ""]);
      const query = new URLSearchParams(named.filter(([, value]) => value)).toString();
      window.history.replaceState({}, "", query ? `?${query}` : window.location.pathname);
      return values;
    },
    ready: () => { document.body.classList.add("is-ready"); watchNotice(); },
    focus: (id) => field(id)?.focus(),
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-cite], [data-use], [data-ask], [data-press], [data-rewrite], a[data-open]");
    if (!target) return;
    const { cite, use: text, ask, press: name, rewrite, open } = target.dataset;
    if (cite) select(cite);
    else if (text) use(text, target.closest("[data-closing]")?.dataset.closing);
    else if (ask) { type("ticket", ask); wanted = ask; press("ask"); }
    else if (name) press(name);
    else if (rewrite) { wanted = rewrite; press("rewrite"); }
    else if (open && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      window.history.pushState({}, "", target.getAttribute("href"));
      wanted = open;
      press("open");
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && byId("ask")) {
      event.preventDefault();
      press("ask");
    }
  });

  window.addEventListener("popstate", () => window.location.reload());
  document.addEventListener("input", (event) => {
    if (event.target.closest("#ticket, #reply")) byId("page-notice")?.replaceChildren();
  });
}
