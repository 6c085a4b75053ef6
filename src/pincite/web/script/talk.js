// The conversation: asking, what is shown of it, and how it comes back. Turns are HTML from the server; what is kept of
// each is in its `data-kept`.

import { all, copy, make, one, parsed, save, toast } from "./dom.js";
import * as chats from "./chats.js";
import * as filters from "./filters.js";
import { call, callPatiently } from "./server.js";

const BEFORE = 20; // turns that a question may lean on
const IN_LINKS = 3;
const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
const empty = (id = newId()) => ({ id, created: Date.now(), turns: [], waiting: [], busy: false });

const live = new Map(); // conversations that were open in this tab: one may still wait for an answer
let chat = empty();
let editing = null; // the number of the turn whose question stands in the box
let answeredNow = () => {};

export const current = () => chat.id;
export const keptOf = (inside) => JSON.parse(inside.closest(".turn").dataset.kept);
const numberOf = (inside) => Number(inside.closest(".turn").id.replace("turn-", ""));
const place = (number) => document.getElementById(`turn-${number}`);
const keep = async ({ id, created, turns }) => {
  const { title = "" } = (await chats.read(id)) ?? {}; // which another tab may have given it
  await chats.write({ id, title, created, turns, updated: Date.now() });
};

// ------------------------------------------------------------ asking

const pending = (number, { question }, said = "Reading the articles…") => {
  const title = make("h2", { className: "question", id: `question-${number}`, dir: "auto" }, question);
  const status = make("p", { className: "pending", role: "status" }, said);
  const turn = make("article", { className: "turn", id: `turn-${number}` },
    make("div", { className: "said" }, title, status), make("aside", { className: "sources" }));
  turn.setAttribute("aria-labelledby", title.id);
  return turn;
};

const failed = (number, asked, problem) => {
  const turn = pending(number, asked, "");
  const button = make("button", { type: "button", textContent: "Ask again" });
  button.dataset.act = "again";
  one(".pending", turn).replaceWith(
    make("p", { className: "notice failed" }, problem), make("div", { className: "actions" }, button));
  return turn;
};

const put = (turn) => {
  const there = document.getElementById(turn.id);
  if (there) there.replaceWith(turn);
  else one("#talk .turns").append(turn);
};

/** Answer one turn of a conversation, which may be another than the one that is shown by then. */
const answer = async (mine, number, asked) => {
  const waiting = (problem) => {
    const said = `${problem} Your question is kept, and asked as soon as it answers.`;
    if (mine === chat) one(".pending", place(number)).textContent = said;
    return !mine.gone;
  };
  const before = mine.turns.slice(0, number - 1).slice(-BEFORE);
  const { value, problem } = await callPatiently(waiting, "turn", number, asked, before);
  if (mine.gone) return;
  const made = value ? parsed(value.html).firstElementChild : failed(number, asked, problem);
  const kept = value ? JSON.parse(made.dataset.kept) : { asked, kind: "failed", quotes: [] };
  made.dataset.kept = JSON.stringify(kept);
  mine.turns[number - 1] = kept;
  await keep(mine);
  if (mine !== chat) return;
  put(made);
  answeredNow(made);
};

/** Answer what waits, one question after the other: each may lean on the one before. */
const pump = async (mine) => {
  if (mine.busy) return;
  mine.busy = true;
  while (mine.waiting.length && !mine.gone) {
    await answer(mine, mine.turns.length + 1, mine.waiting[0]);
    mine.waiting.shift();
  }
  mine.busy = false;
};

/** Put a question: it is shown at once. */
export const ask = (asked) => {
  if (!asked.question.trim()) return;
  if (editing) cut(editing);
  chat.waiting.push(asked);
  const turn = pending(chat.turns.length + chat.waiting.length, asked);
  put(turn);
  turn.scrollIntoView();
  follow(asked);
  pump(chat);
};

/** Take away a turn and all after it. */
const cut = (number) => {
  edit(null);
  if (chat.busy) return; // what is on its way would come back: the question is asked after it
  chat.turns.length = Math.min(chat.turns.length, number - 1);
  for (const turn of all("#talk .turn").slice(number - 1)) turn.remove();
};

const edit = (number) => {
  editing = number;
  one("#composer").classList.toggle("editing", Boolean(number));
};

/** Ask the same again, in its place. */
const again = async (button) => {
  const number = numberOf(button), { asked } = keptOf(button);
  put(pending(number, asked));
  await answer(chat, number, asked);
};

// ------------------------------------------------------------ which conversation

const title = (question) => (document.title = question ? `${question} – Pincite` : "Pincite");

/** The tab's title and address follow the question; the address is a link to it. */
const follow = (asked) => {
  title(asked?.question);
  history.replaceState({ ...history.state, chat: chat.id }, "", asked ? linkTo(asked, chat.turns) : location.pathname);
};

const linkTo = ({ question, ...rest }, before) => {
  const query = new URLSearchParams({ q: question });
  for (const [name, parameter] of Object.entries(filters.PARAMETERS)) {
    for (const value of [rest[name] ?? []].flat()) if (value) query.append(parameter, value);
  }
  // What a follow-up leans on: the questions before it and where their quotes stand.
  const on = before.slice(-IN_LINKS).map(({ asked, kind, quotes }) => [asked.question, kind, quotes.map(([anchor]) => anchor)]);
  if (on.length) query.set("on", JSON.stringify(on));
  return `${location.pathname}?${query}`;
};

const fromLink = () => {
  const query = new URLSearchParams(location.search);
  if (!query.get("q")) return null;
  const given = Object.entries(filters.PARAMETERS).map(([name, parameter]) =>
    [name, filters.DATES.includes(name) ? query.get(parameter) ?? "" : query.getAll(parameter)]);
  let before = [];
  try {
    before = JSON.parse(query.get("on") ?? "[]")
      .map(([question, kind, anchors]) => ({ asked: { question }, kind, quotes: anchors.map((anchor) => [anchor, []]) }));
  } catch {
    toast("The link is cut off: what the question leans on is missing.");
  }
  return { asked: { question: query.get("q"), ...Object.fromEntries(given) }, before };
};

/** A conversation as it waits for an answer in this tab, else as it is kept: another tab may have gone on with it. */
const found = async (id) => (live.get(id)?.busy ? live.get(id) : { ...empty(id), ...(await chats.read(id)) });

/** Show a conversation with the turns that are kept of it, and those that wait for an answer. */
const show = async (next) => {
  chat = next;
  live.set(chat.id, chat);
  edit(null);
  const turns = one("#talk .turns"), asked = [...chat.turns.map(({ asked }) => asked), ...chat.waiting];
  turns.replaceChildren(...asked.map((asked, at) => pending(at + 1, asked)));
  title(asked.at(-1)?.question);
  if (!chat.turns.length) return;
  const waiting = (problem) => {
    const status = one("#talk .pending");
    if (chat === next && status) status.textContent = problem;
    return chat === next;
  };
  const { value, problem } = await callPatiently(waiting, "turns", next.turns);
  if (chat !== next) return;
  if (problem) return toast(problem);
  value.html.forEach((html) => put(parsed(html).firstElementChild));
  all("#talk .turn").at(-1).scrollIntoView();
  filters.set(asked.at(-1));
};

export const open = async (id) => {
  if (id === chat.id) return;
  history.pushState({ chat: id }, "", location.pathname);
  await show(await found(id));
  follow(chat.turns.at(-1)?.asked);
};

/** A new conversation; the one before goes on by itself if it waits for an answer. */
export const fresh = () => {
  show(empty());
  filters.set({});
  history.pushState({ chat: chat.id }, "", location.pathname);
  title("");
  one("#ask textarea").focus();
};

/** The open conversation was deleted. */
export const removed = () => {
  chat.gone = true;
  live.delete(chat.id);
  fresh();
};

/** Another tab went on with the open conversation, or deleted it. */
export const changed = async () => {
  if (chat.busy) return;
  const kept = await chats.read(chat.id);
  if (kept) await show({ ...empty(chat.id), ...kept });
  else removed();
};

/** Back or forward led to another conversation. */
export const popped = async () => {
  const id = history.state?.chat;
  if (id && id !== chat.id) await show(await found(id));
};

/** What the page begins with: the conversation of its tab, or what a link asks. */
export const begin = async (answered) => {
  answeredNow = answered;
  const id = history.state?.chat, link = fromLink();
  live.set(chat.id, chat);
  if (id) return show(await found(id));
  history.replaceState({ ...history.state, chat: chat.id }, "");
  if (!link) return;
  filters.set(link.asked);
  chat.turns = link.before;
  await show(chat);
  ask(link.asked);
};

/** The last question, to be asked in other words. */
export const last = () => chat.turns.at(-1)?.asked.question ?? "";

// ------------------------------------------------------------ what can be done with a turn

const exported = async (button) => {
  const form = button.dataset.format;
  const { value, problem } = await call("export", [keptOf(button)], form);
  button.closest("details").open = false;
  return problem ? toast(problem) : value.text;
};

const KINDS = { markdown: ["text/markdown", "md"], html: ["text/html", "html"] };

export const acts = {
  again,
  edit: (button) => {
    const box = one("#ask textarea");
    box.value = keptOf(button).asked.question;
    box.dispatchEvent(new Event("input"));
    edit(numberOf(button));
    box.focus();
  },
  "stop-editing": () => (edit(null), (one("#ask textarea").value = "")),
  copy: async (button) => {
    const text = await exported(button);
    if (text) copy(text);
  },
  save: async (button) => {
    const text = await exported(button);
    if (text) save(keptOf(button).asked.question, text, ...KINDS[button.dataset.format]);
  },
  link: (button) => {
    const number = numberOf(button);
    copy(location.origin + linkTo(keptOf(button).asked, chat.turns.slice(0, number - 1)));
  },
};
