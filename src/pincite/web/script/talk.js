// The conversation: asking, what is shown of it, and how it comes back. Turns are HTML from the server; what is kept of
// each is in its `data-kept`.

import { all, copy, ifKept, make, one, parsed, save, toast } from "./dom.js";
import * as chats from "./chats.js";
import * as filters from "./filters.js";
import { call, callPatiently } from "./server.js";

const BEFORE = 20; // turns that a question may lean on
const IN_LINKS = 3, LONGEST = 2_000; // turns, and characters: mail and chat programs cut off longer links
const WAYS = "<div class='actions'><button type='button' data-act='edit'>Edit question</button>" +
  "<button type='button' data-act='again'>Ask again</button></div>";
const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** A conversation: its turns, of which `known` were in the store when it was last looked into; what waits for an answer. */
const conversation = ({ id = newId(), created = Date.now(), turns = [], waiting = [] } = {}, known = turns) =>
  ({ id, created, turns: [...turns], known, waiting, busy: false });

const WAITING = "pincite-waiting";
const live = new Map(); // conversations that were open in this tab: one may still wait for an answer
// What waits for an answer is kept only from one load of the page to the next: a copy of the tab would ask it too.
addEventListener("pagehide", () => {
  const waiting = JSON.stringify([...live.values()].filter(({ waiting }) => waiting.length));
  ifKept(() => sessionStorage.setItem(WAITING, waiting));
});

let chat = conversation();
let editing = null; // the number of the turn whose question stands in the box
let draft = ""; // what stood in the box before
let answeredNow = () => {};

export const current = () => chat.id;
const keptOf = (inside) => JSON.parse(inside.closest(".turn").dataset.kept);
const numberOf = (inside) => Number(inside.closest(".turn").id.replace("turn-", ""));
const place = (number) => document.getElementById(`turn-${number}`);
// ------------------------------------------------------------ asking

const pending = (number, { question }, said = "Reading the articles…") => {
  const title = make("h2", { className: "question", id: `question-${number}`, dir: "auto", tabIndex: -1 }, question);
  const status = make("p", { className: "pending", role: "status" }, said);
  const turn = make("article", { className: "turn", id: `turn-${number}` },
    make("div", { className: "said" }, title, status), make("aside", { className: "sources" }));
  turn.setAttribute("aria-labelledby", title.id);
  return turn;
};

const failed = (number, asked, problem) => {
  const turn = pending(number, asked, "");
  one(".pending", turn).replaceWith(make("p", { className: "notice failed" }, problem), parsed(WAYS));
  return turn;
};

const put = (turn) => {
  const there = document.getElementById(turn.id), focused = there?.contains(document.activeElement);
  if (there) there.replaceWith(turn);
  else one("#talk .turns").append(turn);
  if (focused) (one("[data-act=again]", turn) ?? one(".question", turn)).focus({ preventScroll: true });
};

/** Answer one turn of a conversation, which may be another than the one that is shown by then. */
const answer = async (mine, item) => {
  const { asked, number = mine.turns.length + 1 } = item;
  const wanted = () => !mine.gone && mine.waiting.includes(item);
  const waiting = (problem) => {
    const status = mine === chat && wanted() && one(`#turn-${number} .pending`);
    if (status) status.textContent = `${problem} Your question is kept, and asked as soon as it answers.`;
    return wanted();
  };
  const before = mine.turns.slice(0, number - 1).slice(-BEFORE);
  const { value, problem } = await callPatiently(waiting, "turn", number, asked, before);
  if (!wanted()) return; // it is asked anew, after one before it
  const made = value ? parsed(value.html).firstElementChild : failed(number, asked, problem);
  const turn = value ? JSON.parse(made.dataset.kept) : { asked, kind: "failed", quotes: [] };
  made.dataset.kept = JSON.stringify(turn);
  const instead = mine.turns[number - 1];
  mine.turns[number - 1] = turn;
  mine.waiting = mine.waiting.filter((other) => other !== item);
  if (mine === chat) {
    put(made);
    answeredNow(made);
    if (instead) follow(); // what the last question leans on is another
  }
  await keep(mine, turn, number, instead);
};

/** Keep a turn that was answered. Where another tab has gone on with the conversation, it is put behind those turns. */
const keep = async (mine, turn, number, instead) => {
  const { id, created } = mine, turns = [...mine.turns], updated = Date.now();
  const own = { id, title: "", created, turns, updated };
  const kept = await chats.update(own, (kept) => {
    if (mine.gone) return null;
    if (!kept || same(kept.turns, mine.known)) return { ...own, title: kept?.title ?? "" };
    const there = instead && same(kept.turns[number - 1], instead);
    const others = there ? kept.turns.with(number - 1, turn) : instead ? kept.turns : [...kept.turns, turn];
    return { ...kept, turns: others, updated };
  });
  if (!kept) return mine === chat ? removed() : leave(mine);
  mine.known = kept.turns;
  if (same(kept.turns, mine.turns)) return;
  mine.turns = [...kept.turns];
  if (mine === chat) await draw();
};

/** Answer what waits, one question after the other: each may lean on the one before. */
const pump = async (mine) => {
  if (mine.busy) return;
  mine.busy = true;
  try {
    while (mine.waiting.length && !mine.gone) {
      const [item] = mine.waiting;
      await answer(mine, item).finally(() => (mine.waiting = mine.waiting.filter((other) => other !== item)));
    }
  } finally {
    mine.busy = false;
  }
};

const behind = ({ waiting }) => waiting.filter(({ number }) => !number);

/** What is asked in a conversation, in its order; of a turn that is asked anew, the new question. */
const questions = (mine) => {
  const anew = new Map(mine.waiting.map(({ number, asked }) => [number, asked]));
  return [...mine.turns.map(({ asked }, at) => anew.get(at + 1) ?? asked), ...behind(mine).map(({ asked }) => asked)];
};

/** Put a question: it is shown at once. */
export const ask = (asked) => {
  if (!asked.question.trim()) return;
  const number = editing ?? questions(chat).length + 1;
  if (editing) askAnew(editing, asked);
  else {
    chat.waiting.push({ asked });
    put(pending(number, asked));
  }
  edit(null);
  place(number).scrollIntoView();
  follow();
  pump(chat);
};

/** Leave the question that stands in the box as it was. */
export const leaveEditing = () => edit(null);

/** Ask another question in the place of one, then those that follow, which may lean on it; each answer stays until its next. */
const askAnew = (number, asked) => {
  const first = { asked, number }, before = chat.waiting.filter((item) => item.number < number);
  const after = questions(chat).slice(0, chat.turns.length).map((asked, at) => ({ asked, number: at + 1 }))
    .filter((item) => item.number > number && place(item.number)); // what cannot be read is not shown
  // As others, or the answer that is on its way would be taken.
  const waiting = behind(chat).map(({ asked }) => ({ asked }));
  chat.waiting = [...before, first, ...after, ...waiting];
  for (const item of [first, ...after]) put(pending(item.number, item.asked));
};

/** Have the question of a turn stand in the box; without a number, what stood there before. */
const edit = (number, question) => {
  const box = one("#ask textarea");
  if (number && !editing) draft = box.value;
  if (number || editing) box.value = number ? question : draft;
  box.dispatchEvent(new Event("input"));
  editing = number;
  one("#composer").classList.toggle("editing", Boolean(number));
};

/** Ask the same again, in its place. */
const again = (button) => {
  const number = numberOf(button), { asked } = keptOf(button);
  put(pending(number, asked));
  chat.waiting.push({ asked, number });
  pump(chat);
};

// ------------------------------------------------------------ which conversation

const title = (question) => (document.title = question ? `${question} – Pincite` : "Pincite");

/** The tab's title and address follow the question; the address is a link to it. */
const follow = () => {
  const asked = questions(chat).at(-1), before = behind(chat).length ? chat.turns : chat.turns.slice(0, -1);
  title(asked?.question);
  history.replaceState({ ...history.state, chat: chat.id }, "", asked ? linkTo(asked, before) : location.pathname);
};

const linkTo = ({ question, ...rest }, before) => {
  const query = new URLSearchParams({ q: question });
  for (const [name, parameter] of Object.entries(filters.PARAMETERS)) {
    for (const value of [rest[name] ?? []].flat()) if (value) query.append(parameter, value);
  }
  // What a follow-up leans on: the questions before it and where their quotes stand.
  let on = before.slice(-IN_LINKS).map(({ asked, kind, quotes }) => [asked.question, kind, quotes.map(([anchor]) => anchor)]);
  for (; on.length; on = withLess(on)) {
    query.set("on", JSON.stringify(on));
    if (`${location.origin}${location.pathname}?${query}`.length <= LONGEST) break;
    query.delete("on");
  }
  return `${location.pathname}?${query}`;
};

/** Without the last quote of the oldest turn that has several, else without the oldest turn. */
const withLess = (on) => {
  const at = on.findIndex(([, , anchors]) => anchors.length > 1);
  return at < 0 ? on.slice(1) : on.map((turn, each) => (each === at ? [turn[0], turn[1], turn[2].slice(0, -1)] : turn));
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
const found = async (id) => (live.get(id)?.busy ? live.get(id) : conversation((await chats.read(id)) ?? { id }));

/** Show a conversation, with the filters that its last question was asked with. */
const show = async (next) => {
  chat = next;
  live.set(chat.id, chat);
  edit(null);
  chats.show();
  const asked = await draw();
  if (asked && chat === next) filters.set(asked);
};

/** Draw the turns that are kept of the conversation, and those that wait for an answer. The question asked last. */
const draw = async () => {
  const mine = chat, turns = [...mine.turns], asked = questions(mine);
  one("#talk .turns").replaceChildren(...asked.map((asked, at) => pending(at + 1, asked)));
  title(asked.at(-1)?.question);
  if (!turns.length) return null;
  const waiting = (problem) => {
    const status = one("#talk .pending");
    if (chat === mine && status) status.textContent = problem;
    return chat === mine;
  };
  const { value, problem } = await callPatiently(waiting, "turns", turns);
  if (chat !== mine) return null;
  if (problem) return toast(problem);
  value.html.forEach((html, at) => {
    const awaited = mine.waiting.some(({ number }) => number === at + 1);
    if (!html) place(at + 1)?.remove(); // it cannot be read
    else if (mine.turns[at] === turns[at] && !awaited) put(parsed(html).firstElementChild);
  });
  all("#talk .turn").at(-1)?.scrollIntoView();
  return asked.at(-1);
};

export const open = async (id) => {
  if (id === chat.id) return;
  history.pushState({ chat: id }, "", location.pathname);
  await show(await found(id));
  follow();
};

/** A new conversation; the one before goes on by itself if it waits for an answer. */
export const fresh = () => {
  show(conversation());
  filters.set({});
  history.pushState({ chat: chat.id }, "", location.pathname);
  title("");
  if (!one("#chats :focus")) one("#ask textarea").focus(); // there the open one may have been deleted
};

const leave = (mine) => {
  mine.gone = true;
  live.delete(mine.id);
};

/** A conversation was deleted. Gives how it comes back once it is kept again, with the questions that waited for an answer. */
export const removed = (id = chat.id) => {
  const was = id === chat.id, { waiting = [] } = live.get(id) ?? {};
  if (live.has(id)) leave(live.get(id));
  if (was) fresh();
  return async () => {
    const mine = await found(id);
    mine.waiting = waiting;
    live.set(id, mine);
    pump(mine);
    if (was && !one("#talk .turn")) open(id); // unless something else was asked meanwhile
  };
};

/** Another tab went on with the open conversation, named it, or deleted it. */
export const changed = async () => {
  const mine = chat, kept = await chats.read(mine.id);
  if (mine !== chat) return;
  if (!kept) return removed();
  if (mine.busy || same(kept.turns, mine.turns)) return; // what is on its way is put together with it when it is kept
  mine.known = kept.turns;
  mine.turns = [...kept.turns];
  await draw();
};

/** Back or forward led to another conversation. */
export const popped = async () => {
  const id = history.state?.chat;
  if (id && id !== chat.id) await show(await found(id));
};

/** Go on with what waited when the page was left, unless its conversation was kept and another tab has deleted it. */
const goOn = async () => {
  const left = JSON.parse(ifKept(() => sessionStorage.getItem(WAITING)) ?? "[]");
  for (const was of left) live.set(was.id, was); // the page may be left again meanwhile
  ifKept(() => sessionStorage.removeItem(WAITING));
  for (const was of left) {
    const kept = await chats.read(was.id), { turns } = kept ?? was;
    live.delete(was.id);
    if (!kept && was.known.length) continue;
    const waiting = was.waiting.map(({ asked, number }) => (number > turns.length ? { asked } : { asked, number })); // it was not kept
    const mine = conversation({ ...was, turns, waiting }, kept?.turns ?? []);
    live.set(was.id, mine);
    pump(mine);
  }
};

/** What the page begins with: the conversation of its tab, or what a link asks. */
export const begin = async (answered) => {
  answeredNow = answered;
  const id = history.state?.chat, link = fromLink();
  await goOn();
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

/** Close the menu of a button. */
const closeMenu = (button) => {
  const menu = button.closest("details");
  menu.open = false;
  one("summary", menu).focus();
};

const exported = async (button) => {
  closeMenu(button);
  const { value, problem } = await call("export", [keptOf(button)], button.dataset.format);
  return problem ? toast(problem) : value.text;
};

const KINDS = { markdown: ["text/markdown", "md"], html: ["text/html", "html"] };

export const acts = {
  again,
  edit: (button) => (edit(numberOf(button), keptOf(button).asked.question), one("#ask textarea").focus()),
  "stop-editing": () => (edit(null), one("#ask textarea").focus()),
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
    closeMenu(button);
    copy(location.origin + linkTo(keptOf(button).asked, chat.turns.slice(0, number - 1)));
  },
};
