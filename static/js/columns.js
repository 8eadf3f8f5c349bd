/* The columns of a list are put in order on the spot; without this, the same buttons ask the server. */
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest(".columns-form button[name=move]");
  if (!button) return;
  event.preventDefault();
  const item = button.closest("li");
  const list = item.parentElement;
  const up = button.value.startsWith("-");
  const other = up ? item.previousElementSibling : item.nextElementSibling;
  if (other) other[up ? "before" : "after"](item);
  button.focus();
  const places = [...list.children];
  const status = document.getElementById("list-status");
  const name = item.querySelector(".form-check-label").textContent;
  const said = list.dataset.said.replace("{place}", places.indexOf(item) + 1).replace("{count}", places.length);
  if (status) status.textContent = `${name}: ${said}`;
});

// One word for all columns instead of one for each: the address stays short enough to be read.
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".columns-form")) return;
  event.preventDefault();
  const data = new FormData(event.target);
  const words = new URLSearchParams();
  for (const [name, value] of data) if (name !== "columns") words.append(name, value);
  words.append("columns", data.getAll("columns").join(","));
  window.location.assign(`${event.target.getAttribute("action")}?${words.toString().replaceAll("%2C", ",")}`);
});
