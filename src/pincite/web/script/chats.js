// Conversations kept in this browser: questions and where the quotes stand, no word of the articles. The list of them.

import { counted, focusFirst, make, one, refill, save, toast } from "./dom.js";
import { call } from "./server.js";

const NAME = "pincite", CHATS = "chats", MOST = 500;

let store = null;
const memory = new Map(); // chats that could not be kept
const seen = new Set(); // what was found in the store once: what is missing later was deleted by another tab

const forget = () => {
  store = null;
  seen.clear();
};

/** The store; opened anew where it was closed, as it is when the visitor clears what sites keep. */
const opened = () => store ??= new Promise((resolve, reject) => {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(CHATS, { keyPath: "id" });
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = () => {
    asked.result.onclose = forget;
    asked.result.onversionchange = () => (asked.result.close(), forget());
    resolve(asked.result);
  };
});

/** What one transaction gives, once all of it is kept; rejected where the browser keeps nothing. */
const within = async (mode, action) => {
  try {
    const database = await opened();
    return await new Promise((resolve, reject) => {
      const going = database.transaction(CHATS, mode);
      const asked = action(going.objectStore(CHATS));
      going.oncomplete = () => resolve(asked.result);
      going.onabort = () => reject(going.error);
    });
  } catch (error) {
    store = null;
    throw error;
  }
};

const channel = new BroadcastChannel(NAME);

/** A chat without what is no turn. */
const sound = (chat) => chat && { ...chat, turns: chat.turns.filter((turn) => typeof turn?.asked?.question === "string") };

export const read = async (id) => {
  const kept = memory.get(id) ?? sound(await within("readonly", (chats) => chats.get(id)).catch(() => null));
  kept ? seen.add(id) : seen.delete(id);
  return kept;
};

const list = async () => {
  const kept = (await within("readonly", (chats) => chats.getAll()).catch(() => [])).map(sound);
  const all = [...kept.filter(({ id }) => !memory.has(id)), ...memory.values()];
  return all.sort((one, other) => other.updated - one.updated);
};

/** Change what is kept of a chat, in one transaction: no tab undoes what another has done.
 *  `change` makes of what is kept, if anything, what is to be kept; `own` is held by this tab where nothing can be kept.
 *  Null where another tab has deleted it. */
export const update = async (own, change) => {
  const { id } = own;
  let kept = null;
  try {
    await within("readwrite", (chats) => {
      const asked = chats.get(id);
      asked.onsuccess = () => {
        if (!asked.result && seen.has(id)) return;
        kept = change(memory.get(id) ?? sound(asked.result));
        if (kept) chats.put(kept);
      };
      return asked;
    });
    if (kept) seen.add(id);
    memory.delete(id);
    channel.postMessage(id);
  } catch {
    if (!memory.has(id)) toast("This chat cannot be kept in this browser.");
    memory.set(id, kept = own);
  }
  show();
  return kept;
};

/** Delete a chat; gives what was kept of it. */
const remove = async (id) => {
  const held = memory.get(id);
  const kept = await within("readwrite", (chats) => {
    const asked = chats.get(id);
    asked.onsuccess = () => chats.delete(id);
    return asked;
  });
  memory.delete(id);
  channel.postMessage(id);
  return held ?? sound(kept);
};

/** Forget the oldest of very many. */
export const tidy = async () => (await list()).slice(MOST).forEach(({ id }) => remove(id).catch(() => {}));

/** The title that was given, else the first question: no greeting, unless there is nothing else. */
const titleOf = ({ title, turns }) => {
  const first = turns.find(({ kind }) => kind !== "reply") ?? turns[0];
  return title || first?.asked.question || "Empty chat";
};

// ------------------------------------------------------------ the list

let current = () => null, opening = () => {}, removed = () => () => {}, changed = () => {};

const ages = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
export const age = (date) => {
  const seconds = (Date.now() - new Date(date)) / 1000;
  const [unit, size] = [["day", 86_400], ["hour", 3_600], ["minute", 60]].find(([, size]) => seconds >= size) ?? [];
  return unit ? ages.format(-Math.trunc(seconds / size), unit) : "just now";
};

const button = (textContent, ariaLabel, onclick) => make("button", { type: "button", textContent, ariaLabel, onclick });

const row = (chat) => {
  const title = titleOf(chat);
  const ariaCurrent = chat.id === current() ? "true" : null;
  const link = make("button", { type: "button", className: "open", dir: "auto", ariaCurrent, onclick: () => opening(chat.id) }, title);
  const ways = make("span", { className: "ways" },
    button("Rename", `Rename ${title}`, () => rename(item, chat)),
    button("Export", `Export ${title}`, () => exported(chat)),
    button("Delete", `Delete ${title}`, () => erase(chat)));
  link.dataset.chat = chat.id;
  const item = make("li", {}, link, make("small", {}, `${age(chat.updated)} · ${counted(chat.turns.length, "question")}`), ways);
  return item;
};

/** Show the list anew, where it is open and nobody types in it. */
export const show = async () => {
  const place = one("#chats .list"), isKept = () => one("#chats").hidden || one("input", place);
  if (isKept()) return;
  const chats = await list();
  if (isKept()) return; // somebody has begun to type meanwhile
  const rows = chats.length ? chats.map(row) : [make("li", {}, "No chat yet.")];
  refill(place, () => place.replaceChildren(...rows), one("#chats .bar button"));
};

const rename = (item, chat) => {
  const box = make("input", { value: titleOf(chat), maxLength: 200, ariaLabel: "Title" });
  const link = one(".open", item);
  link.replaceWith(box);
  box.select();
  let ended = false;
  const done = async (keep) => {
    if (ended) return; // a box that is removed loses the focus once more
    ended = true;
    const title = box.value.trim();
    if (document.activeElement === box) one(".ways button", item).focus();
    box.replaceWith(link);
    if (keep) await update({ ...chat, title }, (kept) => kept && { ...kept, title });
    show();
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") (event.preventDefault(), done(true)); // it would press what has the focus then
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
  let kept;
  try {
    kept = (await remove(chat.id)) ?? chat;
  } catch {
    return toast("This chat could not be deleted: the browser does not open what it keeps.");
  }
  const back = removed(chat.id);
  await show();
  toast(`Deleted “${titleOf(kept)}”`, async () => {
    seen.delete(chat.id); // what another tab has deleted is not written back otherwise
    await update(kept, () => kept);
    back();
    await show();
    focusFirst(one(`#chats .open[data-chat="${CSS.escape(chat.id)}"]`), one("#ask textarea"));
  });
};

/** Bind the list: which chat is open, how one is opened, what happens when one is deleted, or another tab went on. */
export const bind = (functions) => {
  ({ current, opening, removed, changed } = functions);
  channel.onmessage = ({ data }) => (show(), data === current() && changed());
};
