/* Ticks each condition of a password while it is typed. Only a help: the server decides. */
"use strict";

const CONDITIONS = {
  length: (text) => [...text].length >= 8,
  letter: (text) => /\p{L}/u.test(text),
  digit: (text) => /\d/.test(text),
  special: (text) => /[^\p{L}\p{N}\s]/u.test(text),
  address: (text, address) => text !== "" && ![address, address.split("@")[0]].includes(text.toLowerCase()),
};

for (const list of document.querySelectorAll("[data-password-rules]")) {
  const input = list.closest("form").elements[list.dataset.passwordRules];
  input?.addEventListener("input", () => {
    for (const item of list.querySelectorAll("[data-rule]")) {
      item.dataset.met = CONDITIONS[item.dataset.rule](input.value, (input.dataset.address ?? "").toLowerCase()) ? "yes" : "no";
    }
  });
}
