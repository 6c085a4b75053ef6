// Which articles are asked: pickers in the fold, and a chip for each filter in use, which is seen when the fold is closed.

import { make, one } from "./dom.js";
import { call } from "./server.js";

export const LISTS = ["sources", "authors", "documents"], DATES = ["after", "before"];
export const PARAMETERS = { sources: "source", authors: "author", documents: "only", after: "after", before: "before" }; // of links
const DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
const WORDS = { after: "from", before: "until" };

let used = { sources: [], authors: [], documents: [], after: "", before: "" };
const titles = new Map(); // of articles that were chosen, by id

export const current = () => structuredClone(used);

export const set = (asked) => {
  used = Object.fromEntries([...LISTS.map((name) => [name, asked[name] ?? []]), ...DATES.map((name) => [name, asked[name] ?? ""])]);
  for (const name of DATES) one(`#filters [name=${name}]`).value = used[name];
  shown();
};

export const only = (id, title) => {
  titles.set(id, title);
  set({ documents: [id] });
};

const chip = (said, without) => {
  const button = make("button", { type: "button", textContent: "✕", onclick: without });
  button.setAttribute("aria-label", `Without ${said}`);
  return make("li", {}, make("span", { dir: "auto" }, said), button);
};

let counting = 0;
const shown = async () => {
  const chips = LISTS.flatMap((name) => used[name].map((value) =>
    chip(titles.get(value) ?? value, () => set({ ...used, [name]: used[name].filter((one) => one !== value) }))));
  const dates = DATES.filter((name) => used[name]).map((name) =>
    chip(`${WORDS[name]} ${used[name]}`, () => set({ ...used, [name]: "" })));
  one("#chips").replaceChildren(...chips, ...dates);
  const fits = one("#filters .fits"), mine = ++counting;
  if (!chips.length && !dates.length) return fits.replaceChildren();
  const { value } = await call("fits", used);
  if (mine !== counting || !value) return;
  fits.textContent = value.problem ?? `${value.articles} article${value.articles === 1 ? "" : "s"} fit`;
};

const choose = ({ target }) => {
  const { name, value } = target;
  if (!value || ![...target.list.options].some((option) => option.value === value)) return;
  target.value = "";
  set({ ...used, [name]: [...new Set([...used[name], value])] });
};

const date = ({ target }) => {
  const value = target.value.trim(), wrong = value && !DATE.test(value);
  target.setCustomValidity(wrong ? "Give a year, a month or a day: 2021, 2021-03 or 2021-03-04" : "");
  target.reportValidity();
  if (!wrong) set({ ...used, [target.name]: value });
};

/** What can be chosen, looked up when the fold is opened. */
const offer = async () => {
  if (!one("#filters").open) return;
  const { value } = await call("choices");
  for (const [name, values] of Object.entries(value ?? {})) {
    one(`datalist#${name}`)?.replaceChildren(...values.map((value) => make("option", { value })));
  }
};

export const bind = () => {
  one("#filters").addEventListener("toggle", offer);
  for (const name of LISTS) {
    one(`#filters [name=${name}]`)?.addEventListener("input", choose);
  }
  for (const name of DATES) one(`#filters [name=${name}]`).addEventListener("change", date);
};
