// The reader beside the chat: an article with all its quotes marked, steps through the quotes of an answer, links.

import { all, make, one } from "./dom.js";
import { request } from "./server.js";

let opened = null; // the query by which the open article was asked for
let source = null; // the turn whose quotes are stepped through
let back = null; // what had the focus before
const PHONE = 600; // pixels, below which a page as wide as the window cannot be read

export const isOpen = () => Boolean(opened);

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

export const mark = () => {
  const [links, place] = steps();
  for (const chip of all(".chip")) chip.ariaCurrent = chip === links[place] ? "true" : null;
  one("#reader .steps").hidden = place < 0;
  const word = make("span", { className: "word" }, "source ");
  one("#reader .count").replaceChildren(...(place < 0 ? [] : [word, `${place + 1} of ${links.length}`]));
};

/** Show an article, or with null none. The address is the caller's business. */
export const show = async (query) => {
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
  const focus = document.activeElement;
  if (reader.hidden) back = focus;
  // All quotes of the answer are marked, the open one stronger.
  const asked = new URLSearchParams(query), name = query.get("cite")?.split("@")[0];
  for (const { dataset } of steps()[0]) if (name && dataset.cite.split("@")[0] === name) asked.append("also", dataset.cite);
  const { ok, text } = await request(`read?${asked}`);
  if (opened !== query) return;
  const moved = document.activeElement !== focus;
  if (ok) body.innerHTML = text;
  else body.replaceChildren(make("p", { className: "news", textContent: text }));
  reader.hidden = false;
  body.classList.remove("as-text");
  body.scrollTop = 0;
  if (figure()) (turnPage(0), enlarge(innerWidth < PHONE));
  else toQuote();
  if (!moved) one("h2", body)?.focus({ preventScroll: true });
};

// ------------------------------------------------------------ pages of a PDF

const figure = () => one("#reader .picture");

/** Show the page by so many further on; where it cannot be drawn, the text. */
export const turnPage = async (by) => {
  const mine = figure(), { page, pages, address } = mine.dataset;
  const to = Math.min(Math.max(Number(page) + by, 1), Number(pages)), image = one("img", mine), src = `${address}&page=${to}`;
  mine.dataset.page = to;
  one(".page", mine).textContent = `page ${to} of ${pages}`;
  const answer = await fetch(src).catch(() => null); // the picture is then at hand
  if (mine !== figure() || mine.dataset.page !== `${to}`) return;
  if (!answer?.ok) return asText(true);
  mine.place = answer.headers.get("X-Place")?.split(" ").map(Number);
  image.alt = `Page ${to} as it looks`;
  image.onload = toQuote;
  image.src = src;
};

/** Show the page so large that it can be read, and moved to and fro, or as wide as the reader. */
const enlarge = (large) => {
  figure().classList.toggle("large", large);
  one("button[data-act=zoom]", figure()).textContent = large ? "Fit" : "Larger";
  toQuote();
};

export const zoom = () => enlarge(!figure().classList.contains("large"));

const asText = (text) => {
  one("#reader .body").classList.toggle("as-text", text);
  one("[data-act=view]", figure()).textContent = text ? "Show the page" : "Show the text";
  toQuote();
};

export const view = () => asText(!one("#reader .body").classList.contains("as-text"));

/** Bring the quote into sight: on the page, if that is shown and the quote is marked there, else in the text. */
const toQuote = () => {
  const body = one("#reader .body"), sheet = !body.classList.contains("as-text") && one(".sheet", body);
  const shown = one(sheet ? ".sheet img" : ".text mark.current", body), place = sheet && figure().place;
  const { top, width, height } = (shown ?? body).getBoundingClientRect();
  if (sheet) sheet.scrollLeft = (place?.[0] ?? 1 / 12) * width - 16; // most pages have margins
  if (shown && (place || !sheet)) body.scrollTop += top + (place ? place[1] * height : 0) - body.getBoundingClientRect().top - body.clientHeight / 3;
};

// ------------------------------------------------------------ addresses and steps

export const queryOf = ({ cite, doc }) => new URLSearchParams(cite ? { cite } : { doc });

export const followAddress = () => {
  const { cite, doc } = Object.fromEntries(new URLSearchParams(location.search));
  if (cite || doc) show(queryOf({ cite, doc }));
  else if (opened) show(null);
};

export const open = (link) => {
  source = link.closest(".turn")?.id ?? source;
  const to = address(link.dataset.cite, link.dataset.doc);
  // While one article is open, another takes its place in the history: Back closes the reader.
  if (opened) history.replaceState(history.state, "", to);
  else history.pushState({ ...history.state, reader: true }, "", to);
  followAddress();
};

/** Close the reader, without a step in the history. */
export const leave = () => {
  history.replaceState({ ...history.state, reader: false }, "", address());
  followAddress();
};

let stepping = false;

/** One step back, which the browser does later: a second Escape meanwhile would lead out of the page. */
export const stepBack = () => {
  if (stepping) return;
  stepping = true;
  addEventListener("popstate", () => (stepping = false), { once: true });
  history.back();
};

export const close = () => (history.state?.reader ? stepBack() : leave());

export const step = (by) => {
  const [links, place] = steps();
  const next = links[place < 0 ? 0 : place + by];
  if (opened && next) open(next);
};

/** The turn that is being read, else the last. */
export const turn = () => (opened && source && document.getElementById(source)) || all("#talk .turn").at(-1);

/** Open the quote of a number. */
export const number = (label) => {
  const within = turn(), link = within && one(`.chip[data-label="${label}"]`, within);
  if (link) open(link);
};
