/* Menus are <details>: they work alone. Here: one open at a time, closed by Escape, by a choice, or by a click elsewhere. */
"use strict";

const OPEN_MENUS = "details[data-menu][open], details.row-menu[open]";

function closeMenus(except) {
  for (const menu of document.querySelectorAll(OPEN_MENUS)) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
}

// A link was followed: a download, for one, leaves the page as it is, with the menu over it.
document.addEventListener("click", (event) => closeMenus(event.target.closest("a.dropdown-item") ? null : event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector(OPEN_MENUS);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
