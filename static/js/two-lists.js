/* Makes two lists with arrows of a group of checkboxes; the checkboxes stay, out of sight, and are what is sent. */
"use strict";

(() => {
  // Drawn, not typed: a screen reader reads the button's name and no arrow.
  const SHAPES = { give: "M9 6l6 6-6 6", giveAll: "M5 6l6 6-6 6M13 6l6 6-6 6", take: "M15 6l-6 6 6 6", takeAll: "M19 6l-6 6 6 6M11 6l-6 6 6 6" };
  const SVG = "http://www.w3.org/2000/svg";

  const arrow = (shape) => {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({ d: shape, fill: "none", stroke: "currentColor", "stroke-width": 2 })) path.setAttribute(name, value);
    svg.append(path);
    return svg;
  };

  const build = (base, place) => {
    const boxes = [...base.querySelectorAll("input[type=checkbox]")];
    const legend = base.closest("fieldset")?.querySelector("legend")?.textContent.trim() ?? "";
    const lists = {};
    const columns = document.createElement("div");
    columns.className = "two-lists-columns";

    const column = (side, heading) => {
      const select = document.createElement("select");
      select.multiple = true;
      select.size = Math.min(Math.max(boxes.length, 4), 10);
      select.className = "form-select";
      select.id = `two-lists-${place}-${side}`;
      const label = document.createElement("label");
      label.htmlFor = select.id;
      const count = document.createElement("span");
      count.className = "muted";
      count.setAttribute("aria-live", "polite");
      label.append(heading, " ", count);
      const box = document.createElement("div");
      box.append(label, select);
      lists[side] = { select, count };
      return box;
    };

    const draw = (chosen = []) => {
      for (const [side, { select, count }] of Object.entries(lists)) {
        const mine = boxes.filter((box) => box.checked === (side === "right"));
        select.replaceChildren(...mine.map((box) => {
          const option = new Option(box.labels[0].textContent.trim(), boxes.indexOf(box), false, chosen.includes(box));
          option.disabled = box.disabled;
          return option;
        }));
        count.textContent = `(${mine.length})`;
      }
    };

    const move = (side, all) => {
      const options = [...lists[side].select.options].filter((option) => !option.disabled && (all || option.selected));
      const moved = options.map((option) => boxes[option.value]);
      for (const box of moved) box.checked = side === "left";
      draw(moved);
      moved[0]?.dispatchEvent(new Event("change", { bubbles: true }));
    };

    const button = (name, side, all) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "btn btn-icon";
      made.title = base.dataset[name];
      made.setAttribute("aria-label", legend ? `${legend}${base.dataset.colon} ${base.dataset[name]}` : base.dataset[name]);
      made.append(arrow(SHAPES[name]));
      made.addEventListener("click", () => move(side, all));
      return made;
    };

    const arrows = document.createElement("div");
    arrows.className = "two-lists-arrows";
    arrows.append(button("give", "left", false), button("giveAll", "left", true), button("take", "right", false), button("takeAll", "right", true));
    columns.append(column("left", base.dataset.left), arrows, column("right", base.dataset.right));
    for (const side of ["left", "right"]) {
      lists[side].select.addEventListener("dblclick", () => move(side, false));
      lists[side].select.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        move(side, false);
      });
    }
    base.querySelector(".choices").hidden = true;
    base.append(columns);
    draw();
    // The browser fills a form again when one comes back to it.
    window.addEventListener("pageshow", () => draw());
    const wrong = document.querySelector(".field-wrong");
    if (wrong && base.closest(".field-wrong") === wrong) lists.left.select.focus();
  };

  [...document.querySelectorAll("[data-two-lists]")].forEach(build);

  // Choices that mean something only beside another one (a level beside its application) go with it.
  const follow = () => {
    for (const group of document.querySelectorAll("[data-follows]")) {
      const leaders = document.getElementsByName(group.dataset.follows);
      const given = new Set([...leaders].filter((box) => box.checked).map((box) => box.value));
      for (const box of group.querySelectorAll("input")) box.closest("label").hidden = !given.has(box.value);
    }
  };
  document.addEventListener("change", follow);
  window.addEventListener("pageshow", follow);
  follow();
})();
