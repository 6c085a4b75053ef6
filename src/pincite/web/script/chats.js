// Conversations kept in this browser: questions and where the quotes stand, no word of the articles. The list of them.

import { make, one, save, toast } from "./dom.js";
import { call } from "./server.js";

const NAME = "pincite", CHATS = "chats", MOST = 500;

const opened = new Promise((resolve) => {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(CHATS, { keyPath: "id" });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => resolve(null); // a browser that keeps nothing
});

const memory = new Map();

const within = async (mode, action) => {
  const database = await opened;
  if (!database) return null;
  return new Promise((resolve) => {
    const asked = action(database.transaction(CHATS, mode).objectStore(CHATS));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve(null);
  });
};

const channel = new BroadcastChannel(NAME);

export const read = async (id) => ((await opened) ? within("readonly", (chats) => chats.get(id)) : memory.get(id));
export const list = async () => {
  const kept = (await within("readonly", (chats) => chats.getAll())) ?? [...memory.values()];
  return kept.sort((one, other) => other.updated - one.updated);
};

export const write = async (chat) => {
  memory.set(chat.id, chat);
  await within("readwrite", (chats) => chats.put(chat));
  channel.postMessage(chat.id);
  show();
};

const remove = async (id) => {
  memory.delete(id);
  await within("readwrite", (chats) => chats.delete(id));
  channel.postMessage(id);
};

/** Forget the oldest of very many. */
export const tidy = async () => (await list()).slice(MOST).forEach(({ id }) => remove(id));

export const titleOf = ({ title, turns }) => title || turns[0]?.asked.question || "Empty chat";

// ------------------------------------------------------------ the list

let current = () => null, opening = () => {}, removed = () => {}, changed = () => {};

const ages = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
export const age = (date) => {
  const seconds = (Date.now() - new Date(date)) / 1000;
  const [unit, size] = [["day", 86_400], ["hour", 3_600], ["minute", 60]].find(([, size]) => seconds >= size) ?? [];
  return unit ? ages.format(-Math.trunc(seconds / size), unit) : "just now";
};

const button = (textContent, act, onclick) => {
  const made = make("button", { type: "button", textContent, onclick });
  made.setAttribute("aria-label", act);
  return made;
};

const row = (chat) => {
  const title = titleOf(chat);
  const link = make("button", { type: "button", className: "open", dir: "auto", onclick: () => opening(chat.id) }, title);
  const item = make("li", {}, link, make("small", {}, `${age(chat.updated)} · ${chat.turns.length}`));
  item.append(make("span", { className: "ways" },
    button("Rename", `Rename ${title}`, () => rename(item, chat)),
    button("Export", `Export ${title}`, () => exported(chat)),
    button("Delete", `Delete ${title}`, () => erase(chat))));
  item.toggleAttribute("aria-current", chat.id === current());
  return item;
};

/** Show the list anew, where it is open and nobody types in it. */
export const show = async () => {
  const place = one("#chats .list");
  if (one("#chats").hidden || one("input", place)) return;
  const chats = await list();
  place.replaceChildren(...chats.map(row));
  if (!chats.length) place.append(make("li", {}, "No chat yet."));
};

const rename = (item, chat) => {
  const box = make("input", { value: titleOf(chat), maxLength: 200 });
  box.setAttribute("aria-label", "Title");
  one(".open", item).replaceWith(box);
  box.select();
  const done = async (keep) => {
    if (!box.isConnected) return;
    box.remove();
    const now = await read(chat.id); // a turn may have come meanwhile
    if (keep && now) await write({ ...now, title: box.value.trim() });
    show();
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") done(true);
    else if (event.key === "Escape") (event.stopPropagation(), done(false));
  });
  box.addEventListener("blur", () => done(true));
};

const exported = async (chat) => {
  const { value, problem } = await call("export", chat.turns, "markdown");
  if (problem) return toast(problem);
  save(titleOf(chat), value.text, "text/markdown", "md");
};

const erase = async (chat) => {
  await remove(chat.id);
  if (chat.id === current()) removed();
  await show();
  toast("Deleted");
};

/** Bind the list: which chat is open, how one is opened, what happens when the open one is deleted, or another tab went on. */
export const bind = (functions) => {
  ({ current, opening, removed, changed } = functions);
  channel.onmessage = ({ data }) => (show(), data === current() && changed());
};
