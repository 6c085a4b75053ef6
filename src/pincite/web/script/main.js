// The page: what is bound to what. Gradio serves the frame; all that is in it later comes from the server, escaped, or is
// made here of text.

import { all, copy, ifKept, one } from "./dom.js";
import * as articles from "./articles.js";
import * as chats from "./chats.js";
import * as filters from "./filters.js";
import * as judging from "./judging.js";
import * as library from "./library.js";
import * as reader from "./reader.js";
import { call } from "./server.js";
import * as talk from "./talk.js";

const THEME = "pincite-theme";
const NARROW = 900; // pixels, below which sources, reader and drawers cover the page
const CROWDED = 1184; // as in page.css, 74rem
const ROOMY = 1400; // from which an open drawer, the chat and the reader stand side by side
const PAUSE = 300; // milliseconds on a number, from which on it is not passed over
const LOOK = 20_000, LOOK_AT_A_BUILDING = 3_000;

// ------------------------------------------------------------ what opens over the page

// Back takes away what covers the page.
const cover = () => innerWidth < NARROW && history.pushState({ ...history.state, covered: true }, "");
const uncover = (hide) => (history.state?.covered ? reader.stepBack() : hide());

const DRAWERS = { library: () => (library.look(), articles.open()), chats: chats.show };
const isOpen = (name) => !one(`#${name}`).hidden;

const drawer = (name, shown) => {
  const panel = one(`#${name}`), button = one(`#tools [data-act=${name}]`);
  if (shown === !panel.hidden) return;
  const read = all("#talk .turn").findLast((turn) => turn.getBoundingClientRect().top < innerHeight / 2);
  const before = read?.getBoundingClientRect().top;
  panel.hidden = !shown;
  if (read) one("#talk").scrollTop += read.getBoundingClientRect().top - before; // lines are broken anew
  button.setAttribute("aria-expanded", shown);
  if (shown) DRAWERS[name]();
  (shown ? one("button", panel) : button).focus();
};

const toggle = (name) => {
  if (isOpen(name)) return uncover(() => drawer(name, false));
  const other = Object.keys(DRAWERS).find(isOpen);
  if (other) drawer(other, false);
  else cover();
  drawer(name, true);
};

const closeDrawers = () => Object.keys(DRAWERS).forEach((name) => drawer(name, false));

/** Something was chosen: what takes room from the chat goes. */
const makeRoom = () => {
  if (innerWidth >= ROOMY) return;
  closeDrawers();
  history.replaceState({ ...history.state, covered: false }, "");
};

/** Where the window is too narrow for a drawer beside sources and reader, these come first. */
const showReader = () => innerWidth < CROWDED && Object.keys(DRAWERS).some(isOpen) && makeRoom();

const sheet = (turn) => {
  one(".turn.sheet")?.classList.remove("sheet");
  turn?.classList.add("sheet");
  if (turn) one(".close", turn).focus();
};

const theme = (dark) => {
  document.body.classList.toggle("dark", dark);
  ifKept(() => localStorage.setItem(THEME, dark ? "dark" : "light"));
};

// ------------------------------------------------------------ asking

const box = () => one("#ask textarea");
/** What is said ends above the box, however high it is. */
const roomForBox = new ResizeObserver(([{ target }]) =>
  document.documentElement.style.setProperty("--bottom", `${target.offsetHeight}px`));

const grow = () => {
  box().style.height = "auto";
  box().style.height = `${Math.min(box().scrollHeight, 160)}px`;
};

/** What stands in the box is sent, and leaves it at once: a second Enter asks nothing. */
const submit = () => {
  const question = box().value;
  box().value = "";
  grow();
  ask(question);
};

const ask = (question) => {
  filters.fold(); // it would lie over the answer
  talk.ask({ question, ...filters.current() });
};

const recall = (event) => {
  if (event.key !== "ArrowUp" || box().value || !talk.last()) return;
  event.preventDefault();
  box().value = talk.last();
  grow();
};

// ------------------------------------------------------------ what is pressed

const acts = {
  ...talk.acts,
  ...judging.acts,
  new: () => (reader.show(null), talk.fresh()),
  library: () => toggle("library"),
  chats: () => toggle("chats"),
  theme: () => theme(!document.body.classList.contains("dark")),
  help: () => one("#help").showModal(),
  "close-reader": reader.close,
  previous: () => (showReader(), reader.step(-1)),
  next: () => (showReader(), reader.step(1)),
  view: reader.view,
  zoom: reader.zoom,
  "turn-page": ({ dataset }) => reader.turnPage(Number(dataset.by)),
  sources: (button) => (cover(), sheet(button.closest(".turn"))),
  "close-sources": () => uncover(() => sheet(null)),
  "copy-text": ({ dataset }) => copy(dataset.text),
  "copy-link": ({ dataset }) => copy(`${location.origin}${location.pathname}?${reader.queryOf(dataset)}`),
  "ask-only": ({ dataset }) => (filters.only(dataset.doc, dataset.title), makeRoom(), box().focus()),
  "more-articles": () => articles.list(true),
  erase: library.erase,
};

const closeMenus = (but) => {
  const open = all("#talk .menu[open]").filter((menu) => menu !== but);
  for (const menu of open) menu.open = false;
  return open[0];
};

const clicked = (event) => {
  closeMenus(event.target.closest?.(".menu"));
  const at = (selector) => event.target.closest?.(selector);
  const button = at("[data-act]"), link = at("a[data-cite], a[data-doc]"), example = at("button.example");
  const card = !getSelection().toString() && !at("summary, dl") && at(".card[data-cite]");
  if (button) return acts[button.dataset.act](button);
  if (example) return (talk.leaveEditing(), ask(example.textContent));
  if (event.ctrlKey || event.metaKey || event.shiftKey || !(link || card)) return;
  event.preventDefault();
  if (link?.closest("#library")) makeRoom();
  else showReader();
  reader.open(link ?? card);
};

/** What Esc closes: of those that are open the last here, which is the one that had the focus last. */
const layers = [
  { open: "#composer.editing #ask", close: acts["stop-editing"] },
  { open: "#filters[open]", close: filters.close },
  { open: ".turn.sheet > .sources", close: acts["close-sources"] },
  { open: "#reader:not([hidden])", close: reader.close },
  ...Object.keys(DRAWERS).map((name) => ({ open: `#${name}:not([hidden])`, close: () => toggle(name) })),
];

const focused = ({ target }) => {
  const at = layers.findIndex(({ open }) => target.closest?.(open));
  if (at >= 0) layers.push(...layers.splice(at, 1));
};

const escape = () => {
  if (one("#help").open) return; // the browser closes it
  const menu = closeMenus(), layer = layers.findLast(({ open }) => one(open));
  if (menu) one("summary", menu).focus();
  else if (layer) layer.close();
  else document.activeElement.blur();
};

const keys = {
  j: acts.next, k: acts.previous, i: acts.instead, l: acts.library, c: acts.chats, "?": acts.help, "/": () => box().focus(),
};

const pressed = (event) => {
  if (event.key === "Escape") return escape();
  const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || one("#help").open) return;
  const key = event.key.toLowerCase();
  if (/^[1-9]$/.test(key)) (showReader(), reader.number(key));
  else if (key in keys) keys[key]();
  else return;
  event.preventDefault();
};

let pausing = null;
/** The numbers of a quote, in answer and card, are lit together; who stays on the one in the answer is shown the card. */
const light = ({ target, type }) => {
  clearTimeout(pausing);
  const cite = target.closest?.("#talk [data-cite]")?.dataset.cite;
  const on = type === "mouseover" || type === "focusin";
  for (const other of all("#talk .lit")) other.classList.remove("lit");
  if (!on || !cite) return;
  all(`#talk :is(.chip, .badge)[data-cite="${CSS.escape(cite)}"]`).forEach((one) => one.classList.add("lit"));
  const badge = target.closest(".chip") && one(".badge.lit", target.closest(".turn"));
  pausing = setTimeout(() => badge?.scrollIntoView({ block: "nearest" }), PAUSE);
};

const popped = async () => {
  await talk.popped();
  if (!history.state?.covered) {
    sheet(null);
    if (innerWidth < NARROW) closeDrawers();
  }
  reader.followAddress();
};

// ------------------------------------------------------------ starting, and keeping up with the index

let looking = null, started = "";

/** Look at the index again; examples are found once for each of its states. */
const refresh = async () => {
  clearTimeout(looking);
  const { value } = document.hidden ? {} : await call("welcome", true);
  if (value) shown(value);
  looking = setTimeout(refresh, one("#start .building") ? LOOK_AT_A_BUILDING : LOOK);
};

const shown = ({ masthead, start }) => {
  one("#masthead").innerHTML = masthead;
  for (const time of all("#masthead time")) time.textContent = chats.age(time.dateTime);
  if (start !== started) one("#start").innerHTML = started = start;
};

const begin = async () => {
  chats.bind({
    current: talk.current,
    opening: (id) => (makeRoom(), talk.open(id)),
    removed: talk.removed,
    changed: talk.changed,
  });
  filters.bind();
  articles.bind();
  library.bind(() => (refresh(), articles.open(), filters.count()));
  judging.bind();
  const kept = ifKept(() => localStorage.getItem(THEME));
  if (kept) theme(kept === "dark");
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
  for (const type of ["mouseover", "mouseout", "focusin", "focusout"]) document.addEventListener(type, light);
  document.addEventListener("focusin", focused);
  document.addEventListener("visibilitychange", refresh);
  addEventListener("popstate", popped);
  one("#composer").addEventListener("submit", (event) => (event.preventDefault(), submit()));
  box().addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) (event.preventDefault(), submit());
    else recall(event);
  });
  box().addEventListener("input", grow);
  roomForBox.observe(one("#composer"));
  // First what is at hand: for the examples the model may have to load.
  call("welcome", false).then(({ value }) => (value && shown(value), refresh()));
  await talk.begin(() => reader.isOpen() ? reader.leave() : reader.mark());
  reader.followAddress();
  chats.tidy();
};

// Gradio puts the frame in when it is ready.
const beginWithFrame = () => one("#ask textarea") && (frame.disconnect(), begin());
const frame = new MutationObserver(beginWithFrame);
frame.observe(document, { childList: true, subtree: true });
beginWithFrame();
