/* Beside a long form: what was filled in so far, group by group; a heading leads to its group. */
"use strict";

(() => {
  const side = document.querySelector("[data-summary]");
  const form = document.querySelector("form.form-card");
  if (!side || !form) return;
  const list = side.querySelector("dl");

  const labelOf = (input) => input.labels?.[0]?.textContent.trim() ?? "";
  const chosen = (select) => (select.value ? select.selectedOptions[0].textContent.trim() : "");

  // By the stylesheet: it does not go with what was chosen. (What is folded away is not hidden.)
  const isHidden = (field) => field && getComputedStyle(field).display === "none";

  // "Diesel: 150 euro per week" for a line of a table whose first cell is ticked, or has no box.
  const line = (row) => {
    const box = row.querySelector("input[type=checkbox]");
    if (box && !box.checked) return "";
    const name = row.querySelector("td")?.textContent.trim().split("\n")[0].trim() ?? "";
    const amount = row.querySelector("input[type=text]")?.value.trim();
    if (!amount) return box ? name : "";
    return `${name}: ${amount} ${[...row.querySelectorAll("select")].slice(0, 2).map(chosen).join(" ")}`;
  };

  const said = (input) => {
    if (input.closest("table") || isHidden(input.closest(".field")) || input.type === "hidden" || input.type === "password") return "";
    if (input.type === "radio" || input.type === "checkbox") return input.checked ? labelOf(input) : "";
    if (input.type === "time") return input.value && `${labelOf(input)} ${input.value.slice(0, 5)}`;
    if (input.tagName !== "SELECT") {
      const unit = input.parentElement.querySelector(".input-group-text")?.textContent ?? "";
      return input.value.trim() && `${input.value.trim()} ${unit}`.trim();
    }
    // A period says nothing while its number is empty.
    const number = form.elements[input.name.replace(/_period$/, "")];
    return number && number !== input && !number.value ? "" : chosen(input);
  };

  const update = () => {
    const parts = [];
    for (const group of form.querySelectorAll(".form-group")) {
      const title = group.querySelector("legend, .fold-title");
      const values = [...group.querySelectorAll("input, select, textarea")].map(said);
      values.push(...[...group.querySelectorAll("tbody tr")].map(line));
      const term = document.createElement("dt");
      const link = document.createElement("a");
      link.href = `#${group.id}`;
      link.textContent = title.textContent.trim();
      term.append(link);
      const value = document.createElement("dd");
      value.textContent = values.filter(Boolean).join(", ") || "–";
      const part = document.createElement("div");
      part.append(term, value);
      parts.push(part);
    }
    list.replaceChildren(...parts);
  };

  form.addEventListener("input", update);
  form.addEventListener("change", () => setTimeout(update));
  window.addEventListener("pageshow", update);
  update();
  side.hidden = false;
})();
