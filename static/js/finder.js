/* The search box on top: results as one types are links; arrows go through them, Escape closes them. */
"use strict";

const finder = () => document.querySelector("form.finder");
const finderLinks = () => [...document.querySelectorAll("#finder-results a.finder-hit")];

function closeFinder() {
  const results = document.getElementById("finder-results");
  if (results) results.hidden = true;
}

document.addEventListener("keydown", (event) => {
  const form = finder();
  if (!form) return;
  const input = form.querySelector("input");
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    // On a phone the box is an icon that leads to the page of results.
    if (input.offsetParent === null) return;
    event.preventDefault();
    input.focus();
    input.select();
    return;
  }
  if (!form.contains(event.target)) return;
  if (event.key === "Escape") {
    if (document.getElementById("finder-results").hidden) return;
    event.preventDefault();
    input.focus();
    closeFinder();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const links = finderLinks();
    if (document.getElementById("finder-results").hidden || !links.length) return;
    event.preventDefault();
    const stops = [input, ...links];
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[(at + stops.length) % stops.length].focus();
  }
});

document.addEventListener("focusin", (event) => {
  const form = finder();
  if (!form) return;
  if (!form.contains(event.target)) closeFinder();
  else if (event.target.id === "finder-input" && event.target.value.trim() && finderLinks().length) {
    document.getElementById("finder-results").hidden = false;
  }
});

document.addEventListener("click", (event) => {
  const form = finder();
  if (form && !form.contains(event.target)) closeFinder();
});
