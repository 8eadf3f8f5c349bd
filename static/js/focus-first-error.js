/* After a refusal the first wrong field has the focus, also where the browser ignores autofocus (groups of choices). */
"use strict";

const wrong = document.querySelector(".field-wrong");
const summary = document.getElementById("error-summary");
if (document.querySelector("[autofocus]")) {
  // The browser does it.
} else if (wrong) {
  wrong.querySelector("input:not([type=hidden]), select, textarea")?.focus();
} else if (summary) {
  summary.focus();
}

// A link of the summary leads to a group of choices: its first input takes the focus.
summary?.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const target = link && document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  (target.matches("input, select, textarea") ? target : target.querySelector("input") ?? target).focus();
});
