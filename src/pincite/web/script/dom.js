// Finding and making elements.

export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An element with these properties and children; texts become text, never markup. */
export const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

/** What this gives; null where the browser does not keep, or show, what pages want to keep: all else goes on. */
export const ifKept = (action) => {
  try {
    return action();
  } catch {
    return null;
  }
};

/** A number with its noun. */
export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** Elements from HTML that the server made, and has escaped. */
export const parsed = (html) => make("template", { innerHTML: html }).content;

/** Give the focus to the first of these that is there and shown. */
export const focusFirst = (...places) => places.find((place) => (place?.focus(), place && place === document.activeElement));

/** Change what is in a place. Where the focus was in it, it stays where it was, or on what stands there now. */
export const refill = (place, change, otherwise) => {
  const controls = () => all("a, button", place), name = (control) => control?.ariaLabel ?? control?.textContent;
  const focused = document.activeElement, at = controls().indexOf(focused);
  change();
  if (at < 0) return;
  const now = controls();
  focusFirst(now.find((control) => name(control) === name(focused)), now[at], now.at(-1), otherwise);
};

/** Say something for a while, in place of what was said before; gives its line. What can be undone stays longer, and while it has the focus. */
export const toast = (said, undo) => {
  const line = make("span", { className: "message" }, make("span", {}, said));
  const done = () => (line.remove(), undo());
  if (undo) line.append(make("button", { type: "button", onclick: done }, "Undo"));
  for (const other of all("#toast > :not(:has(button))")) other.remove();
  one("#toast").append(line);
  const end = () => line.contains(document.activeElement) ? line.addEventListener("focusout", end, { once: true }) : line.remove();
  setTimeout(end, undo ? 10_000 : Math.max(2500, 60 * said.length));
  return line;
};

export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Only pages from this machine, or sent encrypted, have a clipboard.
    const area = make("textarea", { value: text }), focused = document.activeElement;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    focused.focus();
  }
  toast("Copied");
};

export const save = (title, text, kind, suffix) => {
  const name = title.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60).replace(/^-|-$/g, "");
  const href = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
  make("a", { href, download: `${name || "answer"}.${suffix}` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
};
