// Runs once for each HTML area, with `element`, `trigger` and `watch` from Gradio. The listener sits on the area
// itself, because Gradio patches what is inside it at each change.
const jump = (id) => {
  const place = document.getElementById(id);
  location.hash = id;
  place.scrollIntoView({ block: "center" });
  place.focus({ preventScroll: true });
};

element.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const example = event.target.closest("button.example");
  if (link) {
    // Followed as a plain link it would leave the page wherever the address has a query: Gradio sets <base>.
    event.preventDefault();
    jump(link.getAttribute("href").slice(1));
  } else if (example) {
    trigger("submit", { question: example.textContent });
    document.querySelector("#ask textarea").focus();
  }
});

watch("value", () => element.querySelector(".turn:last-child")?.scrollIntoView());
