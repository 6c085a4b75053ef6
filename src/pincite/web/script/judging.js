// Judgements: what a visitor says of an answer is noted on the server as a test, and nothing else comes of it.

import { all, one, toast } from "./dom.js";
import { send, token } from "./library.js";
import * as reader from "./reader.js";

const BEFORE = 20; // turns that a question may lean on
const SHOWN = 60;
const { access } = window.pincite;

const kept = (turn) => JSON.parse(turn.dataset.kept ?? "null"); // null while it waits for its answer
const questionOf = (turn) => kept(turn)?.asked.question;
const points = (text) => Array.from(text).length;
const shortened = (text) => (points(text) > SHOWN ? `${Array.from(text).slice(0, SHOWN).join("")}…` : text);

/** Note a judgement of a turn and say where; whether it was. */
const note = async (turn, judged) => {
  if (!token()) return toast("Give the token under Library first.");
  const turns = all("#talk .turn");
  const history = turns.slice(0, turns.indexOf(turn)).map(questionOf).filter(Boolean).slice(-BEFORE);
  const body = JSON.stringify({ asked: kept(turn).asked, history, ...judged });
  const { ok, text } = await send("judgements", body, "POST", { "Content-Type": "application/json" });
  if (!ok) return toast(text);
  const { noted_in, quote } = JSON.parse(text);
  const place = judged.selected ? ` as the answer to “${shortened(questionOf(turn))}”: “${shortened(quote)}”` : "";
  toast(`Noted in ${noted_in}${place}. Nothing is trained by it.`);
  return true;
};

/** The part of the open article that is selected: where in its text, counted in code points as the server does. */
export const selected = () => {
  const text = one("#reader .text"), selection = getSelection();
  if (!text || !selection.rangeCount || !selection.getRangeAt(0).intersectsNode(text)) return null;
  const given = selection.getRangeAt(0), part = document.createRange(), before = document.createRange();
  for (const range of [part, before]) range.selectNodeContents(text);
  if (part.compareBoundaryPoints(Range.START_TO_START, given) < 0) part.setStart(given.startContainer, given.startOffset);
  if (part.compareBoundaryPoints(Range.END_TO_END, given) > 0) part.setEnd(given.endContainer, given.endOffset);
  before.setEnd(part.startContainer, part.startOffset);
  const start = points(`${before}`), end = points(`${before}${part}`); // joined first: a pair may be cut in two
  const { doc: doc_id, digest } = text.dataset;
  return end > start ? { doc_id, digest, start, end, text: Array.from(text.textContent).slice(start, end).join("") } : null;
};

const judge = async (button) => {
  const turn = button.closest(".turn"), { verdict } = button.dataset;
  const cite = button.closest("[data-cite]")?.dataset.cite;
  if (!(await note(turn, { verdict, cite }))) return;
  for (const other of all("[data-act=judge]", turn)) {
    if (other.closest("[data-cite]")?.dataset.cite === cite) other.setAttribute("aria-pressed", other.dataset.verdict === verdict);
  }
};

const instead = () => {
  const turn = reader.turn(), place = selected();
  if (access === "none" || !reader.isOpen()) return;
  if (!turn || !kept(turn)) toast("Ask the question first. Then select the sentence that answers it, and press “Mark as the answer”.");
  else if (!place) toast("Select the sentence that answers your question here in the article. Then press “Mark as the answer”.");
  else note(turn, { verdict: "instead", selected: place });
};

export const acts = { judge, instead };

/** Offer it to those who may write. */
export const bind = () => {
  document.body.classList.toggle("judges", access !== "none");
  one("#reader [data-act=instead]").addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
};
