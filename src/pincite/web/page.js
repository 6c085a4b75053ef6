// What Gradio does not do: the reader and the library beside the chat, the keyboard, links, and keeping the conversation.
// All HTML comes from the server, escaped; nothing here makes markup from text. `given` holds what the server says once:
// the panels, and who may write.
window.pincite = ((given) => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const KEPT = "pincite-conversation", THEME = "pincite-theme", TOKEN = "pincite-token";

  // ------------------------------------------------------------ the conversation

  /** What Gradio asks again when the page is opened: the conversation of this tab, or the question of a link. */
  const saved = () => {
    const link = new URLSearchParams(location.search);
    const kept = sessionStorage.getItem(KEPT) ?? "[]";
    if (!link.get("q")) return kept;
    const { after = "", before = "" } = Object.fromEntries(link);
    const asked = { question: link.get("q"), sources: link.getAll("source"), after, before };
    return JSON.stringify(JSON.parse(kept)[0]) === JSON.stringify(asked) ? kept : JSON.stringify([asked]);
  };

  const keep = () => {
    const turns = all("#talk .turn").map((turn) => JSON.parse(turn.dataset.asked));
    if (turns.length) sessionStorage.setItem(KEPT, JSON.stringify(turns));
  };

  const forget = () => {
    sessionStorage.removeItem(KEPT);
    show(null);
    history.replaceState(null, "", location.pathname);
  };

  const ask = (question) => {
    const box = one("#ask textarea");
    box.value = question;
    box.dispatchEvent(new Event("input"));
    box.focus();
    // Gradio takes the new value over in its next turn.
    setTimeout(() => one("#ask .submit-button").click());
  };

  let turns = 0;
  const talked = () => {
    const now = all("#talk .turn");
    if (now.length > turns) now.at(-1).scrollIntoView();
    turns = now.length;
    keep();
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

  const steps = () => {
    const turn = source && document.getElementById(source);
    if (!turn) return [];
    const chips = all(".chip", turn);
    return chips.length ? chips : all(".sources .read", turn);
  };

  const at = () => steps().findIndex((link) => link.dataset.cite === opened?.get("cite"));

  const mark = () => {
    const links = steps(), place = at();
    for (const link of all(".chip")) link.toggleAttribute("aria-current", opened !== null && link === links[place]);
    one("#reader .steps").hidden = place < 0;
    one("#reader .count").textContent = place < 0 ? "" : `source ${place + 1} of ${links.length}`;
  };

  /** Show an article, or with null none. The address is the caller's business. */
  const show = async (query) => {
    const reader = one("#reader"), body = one(".body", reader);
    opened = query;
    mark();
    if (!query) {
      reader.hidden = true;
      body.replaceChildren();
      if (back?.isConnected) back.focus({ preventScroll: true });
      back = null;
      return;
    }
    if (reader.hidden) back = document.activeElement;
    const answer = await fetch(`read?${query}`).catch(() => null);
    const text = answer?.ok ? await answer.text() : await reason(answer);
    if (opened !== query) return;
    if (answer?.ok) body.innerHTML = text;
    else body.replaceChildren(Object.assign(document.createElement("p"), { className: "news", textContent: text }));
    reader.hidden = false;
    const quote = one(".text mark:not(:empty)", body);
    body.scrollTop = 0;
    if (quote) body.scrollTop = quote.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 3;
    one("h2", body)?.focus({ preventScroll: true });
  };

  const query = ({ cite, doc }) => new URLSearchParams(cite ? { cite } : { doc });

  const open = (link, step = false) => {
    source = link.closest(".turn")?.id ?? source;
    const already = step || history.state?.reader;
    history[already ? "replaceState" : "pushState"]({ reader: true }, "", address(link.dataset.cite, link.dataset.doc));
    show(query(link.dataset));
  };

  const close = () => {
    if (history.state?.reader) history.back();
    else {
      history.replaceState(null, "", address());
      show(null);
    }
  };

  const followAddress = () => {
    const link = new URLSearchParams(location.search);
    const target = { cite: link.get("cite"), doc: link.get("doc") };
    show(target.cite || target.doc ? query(target) : null);
  };

  const step = (by) => {
    const links = steps(), place = at();
    const next = links[place < 0 ? 0 : place + by];
    if (opened && next) open(next, true);
  };

  const number = (label) => {
    const turn = (opened && source && document.getElementById(source)) || all("#talk .turn").at(-1);
    const link = turn && one(`.chip[data-label="${label}"]`, turn);
    if (link) open(link);
  };

  // ------------------------------------------------------------ the library

  const asksToken = given.access === "ask", mayWrite = given.access !== "none";
  const token = () => (asksToken ? one("#library .token input").value : given.access);
  const reason = async (answer) => {
    if (!answer) return "Pincite does not answer: is it still running?";
    return (await answer.json().catch(() => ({}))).error ?? `Pincite answered with status ${answer.status}.`;
  };

  const send = (path, body) =>
    fetch(path, { method: "POST", body, headers: { Authorization: `Bearer ${token()}` } }).catch(() => null);

  let polling = null;
  const look = async () => {
    clearTimeout(polling);
    const state = one("#library .state");
    const answer = await fetch("library").catch(() => null);
    const was = one(".running", state);
    if (answer?.ok) state.innerHTML = await answer.text();
    else state.textContent = await reason(answer);
    const runs = one(".running", state);
    one("#library .primary").disabled = Boolean(runs);
    if (runs) polling = setTimeout(look, 400);
    else if (was) one("#refresh").click();
  };

  const library = (shown) => {
    const panel = one("#library");
    panel.hidden = !shown;
    one("#tools [data-act=library]").setAttribute("aria-expanded", shown);
    if (shown) {
      look();
      one("button", panel).focus();
    } else one("#tools [data-act=library]").focus();
  };

  const tell = (name, said, failed) => {
    const line = document.createElement("li");
    line.textContent = `${name}: ${said}`;
    line.classList.toggle("failed", failed);
    one("#library .uploads").append(line);
  };

  /** Why the server would not take a file; it looks for itself, but a refusal is noisier and slower. */
  const unfit = (file) => {
    const kinds = one("#library input[type=file]").accept.split(",");
    if (!kinds.some((kind) => file.name.toLowerCase().endsWith(kind))) return `Pincite reads ${kinds.join(", ")}`;
    return file.size > 20_000_000 ? "more than 20 MB; copy it into the folder" : file.size ? "" : "an empty file";
  };

  let chosen = [];
  const choose = (files) => {
    chosen = [...chosen, ...files];
    one("#library .drop span").textContent = chosen.map((file) => file.name).join(", ");
  };

  const add = async () => {
    one("#library .primary").disabled = true;
    one("#library .uploads").replaceChildren();
    if (asksToken) sessionStorage.setItem(TOKEN, token());
    const files = chosen;
    chosen = [];
    one("#library .drop span").textContent = "Choose files or drop them here";
    for (const file of files) {
      if (unfit(file)) {
        tell(file.name, `not added: ${unfit(file)}`, true);
        continue;
      }
      const answer = await send(`library/uploads?name=${encodeURIComponent(file.name)}`, file);
      if (answer?.ok) tell(file.name, `added as ${(await answer.json()).name}`, false);
      else tell(file.name, `not added: ${await reason(answer)}`, true);
    }
    const answer = await send("library/update");
    if (!answer?.ok) tell("Update", await reason(answer), true);
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
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    toast("Copied");
  };

  const save = (button, text, kind, suffix) => {
    const { question } = JSON.parse(button.closest(".turn").dataset.asked);
    const name = question.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60).replace(/^-|-$/g, "");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
    link.download = `${name || "answer"}.${suffix}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  const linkTo = (button) => {
    const { question, sources, after, before } = JSON.parse(button.closest(".turn").dataset.asked);
    const query = new URLSearchParams({ q: question, ...(after && { after }), ...(before && { before }) });
    for (const name of sources) query.append("source", name);
    return `${location.origin}${location.pathname}?${query}`;
  };

  const theme = (dark) => {
    document.body.classList.toggle("dark", dark);
    localStorage.setItem(THEME, dark ? "dark" : "light");
  };

  const sheet = (turn) => {
    for (const each of all(".turn.sheet")) each.classList.remove("sheet");
    turn?.classList.add("sheet");
    if (turn) one(".close", turn).focus();
  };

  const texts = (button) => button.closest(".actions").dataset;
  const acts = {
    library: () => library(one("#library").hidden),
    "close-library": () => library(false),
    theme: () => theme(!document.body.classList.contains("dark")),
    help: () => one("#help").showModal(),
    "close-help": () => one("#help").close(),
    "close-reader": close,
    previous: () => step(-1),
    next: () => step(1),
    sources: (button) => sheet(button.closest(".turn")),
    "close-sources": () => sheet(null),
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
    else if (example) ask(example.textContent);
    else if (event.target.closest?.("#new-chat")) forget();
    else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      if (link.closest("#library") && innerWidth < 900) library(false);
      open(link);
    }
  });

  const escape = () => {
    if (one("#help").open) return; // the browser closes it
    if (opened) close();
    else if (one(".turn.sheet")) sheet(null);
    else if (!one("#library").hidden) library(false);
    else document.activeElement.blur();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return escape();
    const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || one("#help").open) return;
    if (/^[1-9]$/.test(event.key)) number(event.key);
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "l") library(one("#library").hidden);
    else if (event.key === "?") acts.help();
    else if (event.key === "/") one("#ask textarea").focus();
    else return;
    event.preventDefault();
  });

  addEventListener("popstate", followAddress);

  // ------------------------------------------------------------ starting, and keeping up with the index

  const ages = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const age = (time) => {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    const [unit, size] = [["day", 86_400], ["hour", 3_600], ["minute", 60]].find(([, s]) => -seconds >= s) ?? ["second", 0];
    const said = size ? ages.format(Math.trunc(seconds / size), unit) : "just now";
    if (time.textContent !== said) time.textContent = said;
  };

  const welcomed = () => {
    for (const time of all("#masthead time")) age(time);
    if (one("#start .building")) setTimeout(() => one("#refresh").click(), 3000);
  };

  const watch = (selector, changed) => {
    new MutationObserver(changed).observe(one(selector), { childList: true, subtree: true });
    changed();
  };

  const ready = () => {
    watch("#talk", talked);
    watch("#masthead", welcomed);
    watch("#start", welcomed);
    setInterval(welcomed, 30_000);
    document.addEventListener("visibilitychange", () => document.hidden || one("#refresh").click());
    const kept = localStorage.getItem(THEME);
    if (kept) document.body.classList.toggle("dark", kept === "dark");
    followAddress();
  };

  const begin = () => {
    document.body.insertAdjacentHTML("beforeend", given.panels);
    const drop = one("#library .drop");
    one("input", drop).addEventListener("change", ({ target }) => (choose(target.files), (target.value = "")));
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("drop", (event) => (event.preventDefault(), choose(event.dataTransfer.files)));
    one("#library .add").addEventListener("submit", (event) => (event.preventDefault(), add()));
    one("#library .add").hidden = !mayWrite;
    one("#library .off").hidden = mayWrite;
    one("#library .token").hidden = !asksToken;
    one("#library .token input").value = sessionStorage.getItem(TOKEN) ?? "";
    const mounted = () => ["#talk", "#masthead", "#start", "#tools"].every((each) => one(each));
    if (mounted()) return ready();
    const waiting = new MutationObserver(() => {
      if (!mounted()) return;
      waiting.disconnect();
      ready();
    });
    waiting.observe(document.body, { childList: true, subtree: true });
  };

  // Gradio puts its head in when the page is there already.
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);

  return { saved };
})(GIVEN);
