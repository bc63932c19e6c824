// Says to a screen reader and to the keyboard what the theme leaves unsaid: levels of headings in lists of pages, names of
// the two drawers, a landmark around the link that skips to the content, and code that scrolls.
document.addEventListener("DOMContentLoaded", () => {
  for (const heading of document.querySelectorAll('[role="heading"]:not([aria-level])')) heading.setAttribute("aria-level", "2");
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");
  for (const hidden of document.querySelectorAll("body > .visually-hidden, body > .skip-to-content")) {
    const landmark = document.createElement("nav");
    landmark.setAttribute("aria-label", "Skip");
    hidden.replaceWith(landmark);
    landmark.append(hidden);
  }
  for (const overlay of document.querySelectorAll("label.overlay")) overlay.setAttribute("aria-hidden", "true");
  for (const code of document.querySelectorAll("pre")) if (code.scrollWidth > code.clientWidth) code.setAttribute("tabindex", "0");
  for (const wide of document.querySelectorAll(".table-wrapper")) if (wide.scrollWidth > wide.clientWidth) wide.setAttribute("tabindex", "0");
});
