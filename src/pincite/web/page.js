// What Gradio does not do: the reader and the library beside the chat, the keyboard, links, and keeping the conversation.
// All HTML comes from the server, escaped; nothing here makes markup from text. `given` holds what the server says once:
// the panels, who may write, and how large a file may be.
window.pincite = ((given) => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const CHAT = "pincite-chat", THEME = "pincite-theme", TOKEN = "pincite-token";
  const PATIENCE = 15_000; // should no answer come at all
  const NARROW = 900; // pixels, below which sources, reader and library cover the page

  // ------------------------------------------------------------ the conversation

  // Each conversation has a name, which the entry of the browser's history holds and the server gives back with the turns:
  // so Back leads to the old one, and what arrives late of one that was left is known as such.
  const newName = () => crypto.randomUUID?.() ?? String(Math.random());
  const { q, after = "", before = "" } = Object.fromEntries(new URLSearchParams(location.search));
  let chat = history.state?.chat ?? (q ? null : sessionStorage.getItem(CHAT)) ?? newName();
  let asked = JSON.parse(sessionStorage.getItem(`${CHAT}-${chat}`) ?? "[]");
  if (q && !asked.length) {
    asked = [{ question: q, sources: new URLSearchParams(location.search).getAll("source"), after, before }];
  }

  let due = asked.length; // how many turns there will be when what is on its way has come
  let sending = due ? setTimeout(() => settled(), PATIENCE) : null; // while something is on its way
  let asking = false; // whether that is an answer, and no conversation that comes back
  let waiting = false; // whether the next question stands in the box to be sent then
  let typed = ""; // what stood in the box when Enter was pressed

  const store = () => {
    sessionStorage.setItem(CHAT, chat);
    sessionStorage.setItem(`${CHAT}-${chat}`, JSON.stringify(asked));
    history.replaceState({ ...history.state, chat }, "");
  };

  const kept = ([, ...rest]) => [JSON.stringify({ name: chat, asked }), ...rest];

  /** A new conversation: its name for the server, everything else put away. */
  const fresh = (inputs) => {
    chat = newName();
    asked = [];
    due = 0;
    waiting = false;
    settled();
    show(null);
    one("#talk .turns").replaceChildren();
    history.pushState({ chat }, "", location.pathname);
    store();
    return kept(inputs);
  };

  /** A question is sent: it leaves the box at once, and what was typed behind it meanwhile stays. */
  const sent = ([, ...rest]) => {
    const question = typed;
    const box = one("#ask textarea");
    asking = Boolean(question.trim());
    if (asking) sending = setTimeout(settled, PATIENCE);
    due = all("#talk .turn").length + 1;
    setTimeout(() => put(box.value.startsWith(question) ? box.value.slice(question.length) : ""));
    return [question, ...rest.slice(0, -1), ...kept(rest.slice(-1))];
  };

  // Gradio takes a new value over in its next turn.
  const press = () => setTimeout(() => one("#ask .submit-button").click());

  const settled = () => {
    clearTimeout(sending);
    sending = null;
    asking = false;
    if (waiting) press();
    waiting = false;
  };

  const put = (question) => {
    const box = one("#ask textarea");
    box.value = question;
    box.dispatchEvent(new Event("input"));
    return box;
  };

  const holdBack = (event) => {
    typed = one("#ask textarea").value;
    if (!sending) return;
    waiting = true;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  /** Put the turns that the server has sent into their places. */
  const arrived = () => {
    const [about, ...sentTurns] = one("#arriving [data-name]")?.parentElement.children ?? [];
    if (!about) return;
    about.parentElement.replaceChildren();
    if (about.dataset.name !== chat) return;
    const before = all("#talk .turn").length;
    for (const turn of sentTurns) {
      const there = document.getElementById(turn.id);
      if (!there) one("#talk .turns").append(turn);
      else if (one(".pending", there)) there.replaceWith(turn);
    }
    const turns = all("#talk .turn");
    if (turns.length > before) {
      turns.at(-1).scrollIntoView();
      if (asking && opened) leave();
    }
    if (turns.length >= asked.length) asked = turns.map((turn) => JSON.parse(turn.dataset.asked)).slice(-100);
    if (turns.length) store();
    if (sending && turns.length >= due && !one("#talk .pending")) settled();
    mark();
  };

  // ------------------------------------------------------------ the reader

  let opened = null; // the query by which the open article was asked for
  let source = null; // the turn whose sources are stepped through
  let back = null; // what had the focus before

  const address = (cite, doc) => {
    const query = new URLSearchParams(location.search);
    for (const name of ["cite", "doc"]) query.delete(name);
    if (cite) query.set("cite", cite);
    if (doc) query.set("doc", doc);
    return query.size ? `?${query}` : location.pathname;
  };

  /** The links of one turn that can be stepped through, and which of them is open. */
  const steps = () => {
    const cite = opened?.get("cite");
    if (cite && !source) source = one(`#talk .turn:has([data-cite="${CSS.escape(cite)}"])`)?.id ?? null;
    const turn = source && document.getElementById(source);
    const links = turn ? all(one(".chip", turn) ? ".chip" : ".read", turn) : [];
    return [links, links.findIndex((link) => link.dataset.cite === cite)];
  };

  const mark = () => {
    const [links, place] = steps();
    for (const chip of all(".chip")) chip.toggleAttribute("aria-current", chip === links[place]);
    one("#reader .steps").hidden = place < 0;
    one("#reader .count").textContent = place < 0 ? "" : `source ${place + 1} of ${links.length}`;
  };

  /** Show an article, or with null none. The address is the caller's business. */
  const show = async (query) => {
    const reader = one("#reader"), body = one(".body", reader);
    opened = query;
    mark();
    if (!query) {
      const focus = reader.contains(document.activeElement) ? back : null;
      reader.hidden = true;
      body.replaceChildren();
      focus?.focus({ preventScroll: true });
      back = source = null;
      return;
    }
    if (reader.hidden) back = document.activeElement;
    const { ok, text } = await request(`read?${query}`);
    if (opened !== query) return;
    if (ok) body.innerHTML = text;
    else body.replaceChildren(make("p", { className: "news", textContent: text }));
    reader.hidden = false;
    const quote = one(".text mark:not(:empty)", body);
    body.scrollTop = 0;
    if (quote) body.scrollTop = quote.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 3;
    one("h2", body)?.focus({ preventScroll: true });
  };

  const query = ({ cite, doc }) => new URLSearchParams(cite ? { cite } : { doc });

  const followAddress = () => {
    const { cite, doc } = Object.fromEntries(new URLSearchParams(location.search));
    if (cite || doc) show(query({ cite, doc }));
    else if (opened) show(null);
  };

  const open = (link) => {
    source = link.closest(".turn")?.id ?? source;
    const to = address(link.dataset.cite, link.dataset.doc);
    // While one article is open, another takes its place in the history: Back closes the reader.
    if (opened) history.replaceState(history.state, "", to);
    else history.pushState({ ...history.state, reader: true }, "", to);
    followAddress();
  };

  const leave = () => {
    history.replaceState({ ...history.state, reader: false }, "", address());
    followAddress();
  };

  const close = () => (history.state?.reader ? history.back() : leave());

  const step = (by) => {
    const [links, place] = steps();
    const next = links[place < 0 ? 0 : place + by];
    if (opened && next) open(next);
  };

  const number = (label) => {
    const turn = (opened && source && document.getElementById(source)) || all("#talk .turn").at(-1);
    const link = turn && one(`.chip[data-label="${label}"]`, turn);
    if (link) open(link);
  };

  // ------------------------------------------------------------ the library

  const asksToken = given.access === "ask", mayWrite = given.access !== "none";
  const token = () => (asksToken ? one("#library .token input").value : given.access);

  /** What the server answers: `text` is why not where it is not `ok`; without a `status` there was no answer. */
  const request = async (path, options) => {
    const answer = await fetch(path, options).catch(() => null);
    if (!answer) return { text: "Pincite does not answer: is it still running?" };
    const { ok, status } = answer, text = await answer.text();
    if (ok) return { ok, status, text };
    const error = /^{/.test(text) && JSON.parse(text).error;
    return { ok, status, text: error || `Pincite answered with status ${status}.` };
  };

  const send = (path, body) =>
    request(path, { method: "POST", body, headers: { Authorization: `Bearer ${token()}` } });

  let polling = null;
  const look = async () => {
    clearTimeout(polling);
    const state = one("#library .state");
    const was = one(".running", state);
    const { ok, text } = await request(`library${was ? "?brief=true" : ""}`);
    if (!ok) state.textContent = text;
    else if (was && text.startsWith("<section class='running'>")) was.outerHTML = text; // the rest may be being read
    else state.innerHTML = text;
    const runs = one(".running", state);
    if (runs) polling = setTimeout(look, 400);
    else if (was) refresh();
  };

  const library = (shown) => {
    const panel = one("#library");
    if (shown === !panel.hidden) return;
    panel.hidden = !shown;
    one("#tools [data-act=library]").setAttribute("aria-expanded", shown);
    if (shown) look();
    one(shown ? "#library button" : "#tools [data-act=library]").focus();
  };

  const tell = (name, said, failed) => {
    one("#library .uploads").append(make("li", { textContent: `${name}: ${said}`, className: failed ? "failed" : "" }));
  };

  /** Why the server would not take a file; it looks for itself, but a refusal is noisier and slower. */
  const unfit = ({ name, size }) => {
    const kinds = one("#library input[type=file]").accept.split(",").filter((kind) => kind !== ".gz");
    if (!kinds.some((kind) => name.toLowerCase().endsWith(kind))) return `Pincite reads ${kinds.join(", ")}`;
    if (size > given.most_bytes) return `more than ${given.most_bytes / 1e6} MB; copy it into the folder`;
    return size ? "" : "an empty file";
  };

  let chosen = [];
  const choose = (files, done = 0) => {
    chosen = [...chosen.slice(done), ...files];
    const names = chosen.map((file) => file.name).join(", ");
    one("#library .drop span").textContent = names || "Choose files or drop them here";
  };

  const add = async () => {
    one("#library .uploads").replaceChildren();
    if (asksToken) sessionStorage.setItem(TOKEN, token());
    for (; chosen.length; choose([], 1)) {
      const [file] = chosen, why = unfit(file);
      const answer = why ? { text: why } : await send(`library/uploads?name=${encodeURIComponent(file.name)}`, file);
      if (answer.ok) tell(file.name, `added as ${JSON.parse(answer.text).name}`, false);
      else tell(file.name, `not added: ${answer.text}`, true);
      if (!why && (!answer.status || answer.status === 403)) return; // the files stay chosen for another try
    }
    const { ok, text } = await send("library/update");
    if (!ok) tell("Update", text, true);
    look();
  };

  // ------------------------------------------------------------ what can be done

  let fading = null;
  const toast = (said) => {
    one("#toast").textContent = said;
    clearTimeout(fading);
    fading = setTimeout(() => one("#toast").replaceChildren(), 2500);
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Only pages from this machine, or sent encrypted, have a clipboard.
      const area = make("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    toast("Copied");
  };

  const askedBy = (button) => JSON.parse(button.closest(".turn").dataset.asked);

  const save = (button, text, kind, suffix) => {
    const { question } = askedBy(button);
    const name = question.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60).replace(/^-|-$/g, "");
    const href = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
    make("a", { href, download: `${name || "answer"}.${suffix}` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  };

  const linkTo = (button) => {
    const { question, sources, after, before } = askedBy(button);
    const query = new URLSearchParams({ q: question, ...(after && { after }), ...(before && { before }) });
    for (const name of sources) query.append("source", name);
    return `${location.origin}${location.pathname}?${query}`;
  };

  // Back takes away what covers the page.
  const cover = () => innerWidth < NARROW && history.pushState({ ...history.state, covered: true }, "");
  const uncover = (hide) => (history.state?.covered ? history.back() : hide());

  const theme = (dark) => {
    document.body.classList.toggle("dark", dark);
    localStorage.setItem(THEME, dark ? "dark" : "light");
  };

  const sheet = (turn) => {
    one(".turn.sheet")?.classList.remove("sheet");
    turn?.classList.add("sheet");
    if (turn) one(".close", turn).focus();
  };

  const toggleLibrary = () => {
    if (!one("#library").hidden) return uncover(() => library(false));
    cover();
    library(true);
  };

  const texts = (button) => button.closest(".actions").dataset;
  const acts = {
    library: toggleLibrary,
    "close-library": toggleLibrary,
    theme: () => theme(!document.body.classList.contains("dark")),
    help: () => one("#help").showModal(),
    "close-reader": close,
    previous: () => step(-1),
    next: () => step(1),
    sources: (button) => (cover(), sheet(button.closest(".turn"))),
    "close-sources": () => uncover(() => sheet(null)),
    copy: (button) => copy(texts(button).markdown),
    link: (button) => copy(linkTo(button)),
    "save-markdown": (button) => save(button, texts(button).markdown, "text/markdown", "md"),
    "save-html": (button) => save(button, texts(button).html, "text/html", "html"),
    "copy-text": (button) => copy(button.dataset.text),
    "copy-link": ({ dataset }) => copy(`${location.origin}${location.pathname}?${query(dataset)}`),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-act]");
    const link = event.target.closest?.("a[data-cite], a[data-doc]");
    const example = event.target.closest?.("button.example");
    if (button) acts[button.dataset.act](button);
    else if (example) put(example.textContent).focus(), press();
    else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      if (link.closest("#library") && innerWidth < NARROW) library(false);
      open(link);
    }
  });

  const escape = () => {
    if (one("#help").open) return; // the browser closes it
    if (!one("#library").hidden) toggleLibrary();
    else if (opened) close();
    else if (one(".turn.sheet")) acts["close-sources"]();
    else document.activeElement.blur();
  };

  const keys = { j: acts.next, k: acts.previous, l: toggleLibrary, "?": acts.help, "/": () => one("#ask textarea").focus() };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return escape();
    const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || one("#help").open) return;
    const key = event.key.toLowerCase();
    if (/^[1-9]$/.test(key)) number(key);
    else if (key in keys) keys[key]();
    else return;
    event.preventDefault();
  });

  const sends = ({ key, shiftKey, target }) => key === "Enter" && !shiftKey && target.matches?.("#ask textarea");
  addEventListener("keydown", (event) => sends(event) && holdBack(event), true);
  addEventListener("click", (event) => event.target.closest?.("#ask .submit-button") && holdBack(event), true);

  addEventListener("popstate", () => {
    if (history.state?.chat && history.state.chat !== chat) return location.reload();
    if (!history.state?.covered) {
      sheet(null);
      if (innerWidth < NARROW) library(false);
    }
    followAddress();
  });

  // ------------------------------------------------------------ starting, and keeping up with the index

  /** Look at the index again. */
  const refresh = () => document.hidden || one("#refresh").click();

  const ages = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const age = (date) => {
    const seconds = (Date.now() - new Date(date)) / 1000;
    const [unit, size] = [["day", 86_400], ["hour", 3_600], ["minute", 60]].find(([, size]) => seconds >= size) ?? [];
    return unit ? ages.format(-Math.trunc(seconds / size), unit) : "just now";
  };

  let coming = null;
  const welcomed = () => {
    const time = one("#masthead time"), said = time && age(time.dateTime);
    if (time && time.textContent !== said) time.textContent = said;
    clearTimeout(coming);
    if (one("#start .building")) coming = setTimeout(refresh, 3000);
  };

  const ready = () => {
    for (const [selector, changed] of [["#arriving", arrived], ["#masthead", welcomed], ["#start", welcomed]]) {
      new MutationObserver(changed).observe(one(selector), { childList: true, subtree: true });
      changed();
    }
    mark();
    setInterval(refresh, 20_000);
    document.addEventListener("visibilitychange", refresh);
    const chosen = localStorage.getItem(THEME);
    if (chosen) theme(chosen === "dark");
    followAddress();
  };

  const begin = () => {
    new MutationObserver((_, waiting) => {
      if (!["#talk .turns", "#arriving", "#masthead", "#start", "#tools"].every((part) => one(part))) return;
      waiting.disconnect();
      ready();
    }).observe(document.body, { childList: true, subtree: true });
    document.body.insertAdjacentHTML("beforeend", given.panels);
    const form = one("#library .add");
    one(".drop input", form).addEventListener("change", ({ target }) => (choose(target.files), (target.value = "")));
    form.addEventListener("submit", (event) => (event.preventDefault(), add()));
    form.hidden = !mayWrite;
    one("#library .off").hidden = mayWrite;
    one(".token", form).hidden = !asksToken;
    one(".token input", form).value = sessionStorage.getItem(TOKEN) ?? "";
  };

  // Gradio puts its head in when the page is there already.
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);

  return { kept, fresh, sent };
})(GIVEN);
