// The library: what is indexed, adding files, updating.

import { ifKept, make, one, refill } from "./dom.js";
import { request } from "./server.js";

const { access, most_bytes } = window.pincite;
const TOKEN = "pincite-token", LOOK = 400;
const asksToken = access === "ask", mayWrite = access !== "none";
export const token = () => (asksToken ? one("#library .token input").value : access);
let changed = () => {};

/** Ask for what only those who may write are given. */
export const send = (path, body, method = "POST", headers = {}) => {
  if (asksToken) ifKept(() => sessionStorage.setItem(TOKEN, token()));
  return request(path, { method, body, headers: { ...headers, Authorization: `Bearer ${token()}` } });
};

let polling = null, begun = false; // an update that may end before it is looked at
export const look = async () => {
  clearTimeout(polling);
  const state = one("#library .state"), was = one(".running", state);
  const { ok, text } = await request(`library${was ? "?brief=true" : ""}`);
  if (!ok) state.textContent = text;
  else if (was && text.startsWith("<section class='running'>")) was.outerHTML = text; // the rest may be being read
  else refill(state, () => (state.innerHTML = text), one("#library .find [name=search]"));
  const runs = one(".running", state);
  if (runs) polling = setTimeout(look, LOOK);
  else if (was || begun) changed();
  begun = false;
};

const tell = (name, said, failed = false) =>
  one("#library .uploads").append(make("li", { textContent: `${name}: ${said}`, className: failed ? "failed" : "" }));

/** Why the server would not take a file; it looks for itself, but a refusal is noisier and slower. */
const unfit = ({ name, size }) => {
  const kinds = one("#library input[type=file]").accept.split(",").filter((kind) => kind !== ".gz");
  if (!kinds.some((kind) => name.toLowerCase().endsWith(kind))) return `Pincite reads ${kinds.join(", ")}`;
  if (size > most_bytes) return `more than ${most_bytes / 1e6} MB; copy it into the folder`;
  return size ? "" : "an empty file";
};

let chosen = [];
const choose = (files, done = 0) => {
  chosen = [...chosen.slice(done), ...files];
  const names = chosen.map((file) => file.name).join(", ");
  one("#library .drop span").textContent = names || "Choose files or drop them here";
};

const add = async () => {
  one("#library .uploads").replaceChildren();
  for (; chosen.length; choose([], 1)) {
    const [file] = chosen, why = unfit(file);
    const answer = why ? { text: why } : await send(`library/uploads?name=${encodeURIComponent(file.name)}`, file);
    if (answer.ok) tell(file.name, `added as ${JSON.parse(answer.text).name}`);
    else tell(file.name, `not added: ${answer.text}`, true);
    if (!why && (!answer.status || answer.status === 403)) return; // the files stay chosen for another try
  }
  update();
};

const update = async () => {
  const { ok, text } = await send("library/update");
  if (!ok) tell("Update", text, true);
  begun = true;
  look();
};

/** Delete a file that was added, when that is meant. */
export const erase = async ({ dataset: { file } }) => {
  if (!confirm(`Delete ${file} from the folder of articles, and every article in it? This cannot be undone.`)) return;
  one("#library .uploads").replaceChildren();
  const { ok, text } = await send(`library/uploads?name=${encodeURIComponent(file)}`, undefined, "DELETE");
  tell(file, ok ? "deleted" : `not deleted: ${text}`, !ok);
  if (ok) update();
};

/** Bind the form; `refresh` is called when an update has ended. */
export const bind = (refresh) => {
  changed = refresh;
  const form = one("#library .add");
  one(".drop input", form).addEventListener("change", ({ target }) => (choose(target.files), (target.value = "")));
  form.addEventListener("submit", (event) => (event.preventDefault(), add()));
  form.hidden = !mayWrite;
  one("#library .off").hidden = mayWrite;
  one("#library").classList.toggle("read-only", !mayWrite);
  one(".token", form).hidden = !asksToken;
  one(".token input", form).value = ifKept(() => sessionStorage.getItem(TOKEN)) ?? "";
};
