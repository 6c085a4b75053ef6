// The library's list of articles: searched, filtered and sorted by the server, which sends a hundred rows at a time.

import { make, one, parsed, refill } from "./dom.js";
import { checkDate, choices, DATES } from "./filters.js";
import { call } from "./server.js";

const PAUSE = 150; // milliseconds after a key
const form = () => one("#library .find");
let asked = 0;

const wanted = () => {
  const values = Object.fromEntries(new FormData(form()));
  for (const name of DATES) if (form().elements[name].validity.customError) values[name] = "";
  return values;
};

/** Show the list, or `further` rows of it. */
export const list = async (further = false) => {
  const place = one("#library .articles"), mine = ++asked;
  const { value, problem } = await call("articles", wanted(), further ? place.childElementCount : 0);
  if (mine !== asked) return;
  const { html = "", total = 0, said = "" } = value ?? {}, last = further && place.lastElementChild;
  const fill = () => (further || place.replaceChildren(), place.append(parsed(html)));
  refill(place, fill, form().elements.search);
  const shown = place.childElementCount, some = shown < total ? `, ${shown.toLocaleString("en")} shown` : "";
  one("#library .found").textContent =
    problem ?? value.problem ?? (total ? `${said}${some}` : "No article fits.");
  one("#library .more").hidden = shown >= total;
  if (last) one("a", last.nextElementSibling ?? last).focus();
};

/** Show the list, and what it can be filtered by. */
export const open = async () => {
  list();
  const values = await choices();
  for (const [name, counted] of [["kind", values.kinds], ["folder", values.folders]]) {
    const select = form().elements[name], [any] = select.options, { value } = select;
    const options = (counted ?? []).map(([value, count]) => make("option", { value, textContent: `${value} (${count})` }));
    select.replaceChildren(any, ...options);
    select.value = [...select.options].some((option) => option.value === value) ? value : "";
  }
};

let typing = null;
const typed = ({ target }) => {
  clearTimeout(typing);
  if (!DATES.includes(target.name)) typing = setTimeout(list, PAUSE);
};

export const bind = () => {
  form().addEventListener("input", typed);
  form().addEventListener("submit", (event) => event.preventDefault());
  for (const name of DATES) form().elements[name].addEventListener("change", ({ target }) => checkDate(target) && list());
};
