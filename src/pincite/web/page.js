// Runs once for each HTML area, with `element` and `watch` from Gradio. The listener sits on the area itself, because
// Gradio patches what is inside it at each change.
const jump = (id) => {
  const place = document.getElementById(id);
  location.hash = id;
  place.scrollIntoView({ block: "center" });
  place.focus({ preventScroll: true });
};

const ask = (question) => {
  const box = document.querySelector("#ask textarea");
  box.value = question;
  box.dispatchEvent(new Event("input"));
  box.focus();
  // Gradio takes the new value over in its next turn.
  setTimeout(() => document.querySelector("#ask .submit-button").click());
};

element.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const example = event.target.closest("button.example");
  if (link) {
    // Followed as a plain link it would leave the page wherever the address has a query: Gradio sets <base>.
    event.preventDefault();
    jump(link.getAttribute("href").slice(1));
  } else if (example) {
    ask(example.textContent);
  }
});

watch("value", () => element.querySelector(".turn:last-child")?.scrollIntoView());
