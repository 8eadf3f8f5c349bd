/* The selection of a list: how many, the whole page, everything that matches. And URLs without empty parameters. */
"use strict";

const boxes = () => [...document.querySelectorAll(".list-region input[name=select]")];

function showSelection() {
  const form = document.getElementById("bulk-form");
  const page = document.getElementById("select-page");
  if (!form || !page) return;
  const all = form.querySelector("[data-all]").checked;
  const rows = boxes();
  const chosen = rows.filter((box) => box.checked).length;
  page.hidden = false;
  page.checked = chosen > 0 && chosen === rows.length;
  page.indeterminate = chosen > 0 && chosen < rows.length;
  form.classList.toggle("bulk-bar-shown", chosen > 0 || all);
  const count = form.querySelector("[data-count]");
  count.parentElement.hidden = all;
  count.textContent = chosen.toLocaleString(document.documentElement.lang);
}

document.addEventListener("change", (event) => {
  if (event.target.id === "select-page") {
    for (const box of boxes()) box.checked = event.target.checked;
  } else if (event.target.matches("[data-all]") && event.target.checked) {
    for (const box of boxes()) box.checked = true;
  } else if (event.target.name === "select" && !event.target.checked) {
    // One row taken out: no longer everything that matches.
    document.querySelector("#bulk-form [data-all]").checked = false;
  }
  showSelection();
});

document.addEventListener("reset", (event) => {
  if (event.target.id !== "bulk-form") return;
  for (const box of boxes()) box.checked = false;
  setTimeout(showSelection);
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "filter-form") return;
  const parameters = event.detail.parameters;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
});

document.addEventListener("htmx:afterSettle", showSelection);
window.addEventListener("pageshow", showSelection);
