// Which articles are asked: pickers in the fold, and a chip for each filter in use, which is seen when the fold is closed.

import { make, one, toast } from "./dom.js";
import { call } from "./server.js";

const LISTS = ["folders", "sources", "authors", "documents"];
export const DATES = ["after", "before"];
export const PARAMETERS = { // of links
  folders: "folder", sources: "source", authors: "author", documents: "only", after: "after", before: "before",
};
const DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
const PAUSE = 150; // milliseconds after a key
const NONE = { folders: [], sources: [], authors: [], documents: [], after: "", before: "" };

let used = NONE;
const titles = new Map(); // of articles that were chosen, by id
const input = (name) => one(`#filters [name=${name}]`);

export const current = () => structuredClone(used);
const unnamed = () => used.documents.filter((id) => !titles.has(id));

export const set = (asked) => {
  used = Object.fromEntries(Object.entries(NONE).map(([name, none]) => [name, asked[name] ?? none]));
  for (const name of DATES) (input(name).value = used[name], input(name).setCustomValidity(""));
  if (unnamed().length === 0) shown(); // else once the titles are there
  count();
};

export const only = (id, title) => {
  titles.set(id, title);
  set({ documents: [id] });
};

// ------------------------------------------------------------ what is in use

const remove = (without) => {
  set({ ...used, ...without });
  (one("#chips button") ?? one("#filters summary")).focus();
};

const chip = (said, without) => {
  const ariaLabel = `Without ${said}`, onclick = () => remove(without);
  const button = make("button", { type: "button", textContent: "✕", ariaLabel, onclick });
  return make("li", {}, make("span", { dir: "auto" }, said), button);
};

const shown = () => {
  const { after, before } = used;
  const dates = after && before ? `${after}–${before}` : after ? `from ${after}` : before && `until ${before}`;
  const named = LISTS.flatMap((name) => used[name].map((value) =>
    chip(titles.get(value) ?? value, { [name]: used[name].filter((one) => one !== value) })));
  one("#chips").replaceChildren(...named, ...(dates ? [chip(dates, { after: "", before: "" })] : []));
};

let counting = 0;
/** Say how many articles fit, while there is a filter. */
export const count = async () => {
  const fits = one("#filters .fits"), mine = ++counting;
  if (!Object.values(used).some(({ length }) => length)) return fits.replaceChildren();
  const { value } = await call("fits", used);
  if (mine !== counting) return;
  if (value) fits.textContent = value.problem ?? value.said;
  const news = unnamed();
  for (const id of news) if (value?.titles?.[id]) titles.set(id, value.titles[id]);
  if (news.length) shown();
};

// ------------------------------------------------------------ the fold

const panel = () => one("#filters");
const areOpen = () => panel().open;
export const fold = () => (panel().open = false);
export const close = () => (fold(), one("summary", panel()).focus());

// ------------------------------------------------------------ choosing

let refusal = null;
/** Whether a field holds what it may; what is said if not goes when it does. `reportValidity` would take the focus back from where one goes. */
const isValid = (target) => {
  const valid = target.checkValidity();
  refusal?.remove();
  refusal = valid ? null : toast(target.validationMessage);
  return valid;
};

/** Take over what was typed where it names one thing that there is; another may begin with it while one `isTyping`. */
const choose = (target, isTyping = false) => {
  const typed = target.value.trim().toLowerCase(), options = [...target.list.options];
  const holding = options.filter(({ value }) => value.toLowerCase().includes(typed));
  const same = holding.find(({ value }) => value.toLowerCase() === typed), { name } = target;
  const chosen = isTyping && holding.length > 1 ? null : same ?? (!isTyping && holding.length === 1 && holding[0]);
  target.setCustomValidity(typed && !chosen && !isTyping ? "Choose one of the list" : "");
  isValid(target);
  if (!typed || !chosen) return;
  target.value = "";
  const value = chosen.dataset.id ?? chosen.value;
  if (name === "documents") titles.set(value, chosen.dataset.title);
  set({ ...used, [name]: [...new Set([...used[name], value])] });
};

let looking = null;
/** Offer the articles whose titles hold what was typed. */
const look = async (target) => {
  const typed = target.value, { value } = await call("find", typed);
  if (!value || target.value !== typed) return;
  const twice = (title) => value.articles.filter((article) => article[1] === title).length > 1;
  target.list.replaceChildren(...value.articles.map(([id, title, file]) => {
    const option = make("option", { value: twice(title) ? `${title} (${id})` : title, label: file });
    Object.assign(option.dataset, { id, title });
    return option;
  }));
};

const typed = ({ target, inputType }) => {
  clearTimeout(looking);
  const picked = !inputType || inputType === "insertReplacementText"; // from the list
  choose(target, !picked);
  if (target.name === "documents" && target.value) looking = setTimeout(() => look(target), PAUSE);
};

let offered = null; // what can be chosen, once it is there
const settle = async ({ target }) => {
  await offered;
  if (target.name === "documents" && target.value) await look(target);
  choose(target);
};

const pressed = (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
  event.preventDefault(); // it asks nothing
  if (DATES.includes(event.target.name)) date(event);
  else settle(event);
};

/** Whether what was typed is a date, or nothing; if not, it is refused where it stands. */
export const checkDate = (target) => {
  const value = target.value.trim();
  const isDate = DATE.test(value) && new Date(value).toISOString().startsWith(value); // 30 February is the 2 March
  target.setCustomValidity(value && !isDate ? "Give a year, a month or a day: 2021, 2021-03 or 2021-03-04" : "");
  return isValid(target);
};

const date = ({ target }) => {
  const value = target.value.trim();
  // The same again, as when one leaves it after Enter, would replace the chip that is being clicked.
  if (checkDate(target) && value !== used[target.name]) set({ ...used, [target.name]: value });
};

/** What can be chosen by, each a list of pairs: a name, and how many articles it has. */
export const choices = async () => (await call("choices")).value ?? {};

const offer = async () => {
  if (!areOpen()) return;
  for (const [name, values] of Object.entries(await choices())) {
    const options = values.map(([value, count]) => make("option", { value, label: `${count}` }));
    input(name)?.list.replaceChildren(...options);
  }
  look(input("documents"));
};

export const bind = () => {
  panel().addEventListener("toggle", () => (offered = offer()));
  panel().addEventListener("keydown", pressed);
  for (const name of LISTS) {
    input(name).addEventListener("input", typed);
    input(name).addEventListener("change", settle);
  }
  for (const name of DATES) input(name).addEventListener("change", date);
};
