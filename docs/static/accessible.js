// Says to a screen reader and to the keyboard what the theme leaves unsaid: levels of headings in lists of pages, names of
// the two drawers, a landmark around the link that skips to the content, corners of tables that head nothing, and
// code, tables, equations and pictures that scroll.
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
  // A picture opens in full size; on a phone a wide one scrolls in a region of its own, that the keyboard reaches.
  for (const image of document.querySelectorAll("article img")) {
    if (image.closest("a, .cell_output")) continue;
    const region = document.createElement("div"), link = document.createElement("a");
    region.className = "picture";
    link.href = image.src;
    link.title = "Open in full size";
    image.replaceWith(region);
    region.append(link);
    link.append(image);
    const fit = () => {
      region.classList.toggle("wide", image.naturalWidth > 900);
      const scrolls = region.scrollWidth > region.clientWidth;
      for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", image.alt || "Picture"]])
        if (scrolls) region.setAttribute(name, value); else region.removeAttribute(name);
    };
    if (image.complete) fit(); else image.addEventListener("load", fit);
    window.addEventListener("resize", fit);
  }
  for (const corner of document.querySelectorAll("th")) {
    if (corner.textContent.trim()) continue;
    const cell = document.createElement("td");
    cell.className = corner.className;
    corner.replaceWith(cell);
  }
  for (const wide of document.querySelectorAll("pre, .table-wrapper, div.math")) {
    if (wide.scrollWidth > wide.clientWidth) wide.setAttribute("tabindex", "0");
  }
});
