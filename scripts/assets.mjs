/**
 * Puts the few third-party files that the pages use into static/vendor (generated, never committed):
 *
 *   tabler.css   Tabler's stylesheet, reduced to the classes that our templates and Python files name
 *   icons.svg    one sprite of the icons that are named there, or listed in scripts/icons.txt
 *
 * htmx needs no copy: its file comes with django-htmx and is served from there.
 * The same sources always give the same bytes, so that the hashed file names change only when the content does.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const VENDOR = join(ROOT, "static", "vendor");
const TABLER = join(ROOT, "node_modules", "@tabler", "core", "dist", "css", "tabler.min.css");
const ICONS = join(ROOT, "node_modules", "@tabler", "icons", "icons", "outline");
const SKIPPED = new Set(["node_modules", "var", "tests", "docs", "locale", "vendor", "__pycache__", "migrations"]);

/** Classes that are put together while a page is rendered ("btn-" + tone), so that no source names them whole. */
const ALWAYS = [
  "btn-primary", "btn-secondary", "btn-danger", "btn-outline-danger", "alert-success", "alert-info", "alert-warning",
  "alert-danger", "form-control", "form-select", "form-check-input",
];
/** Names that Tabler uses too, but that are wholly ours: its rules for them are left out. */
const OURS = /^(status|timeline|steps|page-header|page-title|icon)(-|$)/;

/** Every file below `folder` with one of the endings, in a fixed order. */
function* files(folder, endings) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path, endings);
    else if (endings.some((ending) => entry.name.endsWith(ending))) yield path;
  }
}

const sources = [...files(ROOT, [".html", ".py"])].map((path) => readFileSync(path, "utf8"));
const portalCss = [...files(join(ROOT, "static"), [".css", ".js"])].map((path) => readFileSync(path, "utf8")).join("\n");

// --- Which classes, attributes and icons do we use? ----------------------------------------------------------------

const used = new Set(ALWAYS);
for (const text of sources) {
  for (const [, value] of text.matchAll(/\bclass(?:es)?\\?["']?\s*[:=]\s*\\?["']((?:\{[%{].*?[%}]\}|[^"'\\])*)/g)) {
    for (const word of value.match(/[A-Za-z][\w-]*/g) ?? []) used.add(word);
  }
}

// --- The stylesheet ------------------------------------------------------------------------------------------------

/** Splits a stylesheet into `{head, body}` for blocks and `{head}` for statements such as @charset. */
function parse(css) {
  const nodes = [];
  let start = 0;
  for (let i = 0; i < css.length; i += 1) {
    const char = css[i];
    if (char === '"' || char === "'") i = closing(css, i);
    else if (char === ";") {
      nodes.push({ head: css.slice(start, i).trim() });
      start = i + 1;
    } else if (char === "{") {
      const head = css.slice(start, i).trim();
      let depth = 1;
      const from = i + 1;
      while (depth) {
        i += 1;
        if (css[i] === '"' || css[i] === "'") i = closing(css, i);
        else if (css[i] === "{") depth += 1;
        else if (css[i] === "}") depth -= 1;
      }
      nodes.push({ head, body: css.slice(from, i) });
      start = i + 1;
    }
  }
  return nodes;
}

/** The index of the quote that ends the string which begins at `i`. */
function closing(text, i) {
  let j = i + 1;
  while (text[j] !== text[i]) j += text[j] === "\\" ? 2 : 1;
  return j;
}

/** Splits at `separator`, but not inside brackets or strings. */
function split(text, separator) {
  const parts = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === '"' || char === "'") i = closing(text, i);
    else if (char === "(" || char === "[") depth += 1;
    else if (char === ")" || char === "]") depth -= 1;
    else if (char === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim()).filter(Boolean);
}

/** Could this selector match anything on our pages? What stands in :not(…) doesn't count. */
function wanted(selector) {
  const bare = selector.replace(/:(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)/g, "").replace(/\\\//g, "_");
  if (/\[(?:dir|data-bs-navbar|data-theme)/.test(bare) || /:host|^body\[data/.test(bare)) return false;
  return [...bare.matchAll(/\.([A-Za-z][\w-]*)/g)].every(([, name]) => used.has(name) && !OURS.test(name));
}

/** Drops the rules that can match nothing. */
function reduce(css) {
  const kept = [];
  for (const node of parse(css)) {
    if (node.body === undefined || /^@(?:charset|import)/.test(node.head)) continue;
    if (/^@(?:media|supports|container|layer)/.test(node.head)) {
      const body = reduce(node.body);
      if (body.length) kept.push({ head: node.head, nodes: body });
    } else if (/^@/.test(node.head)) kept.push({ head: node.head, text: node.body });
    else {
      const selectors = split(node.head, ",").filter(wanted);
      if (selectors.length) kept.push({ head: selectors.join(","), declarations: split(node.body, ";") });
    }
  }
  return kept;
}

/** Visits every rule, those inside @media too. */
function* rules(nodes) {
  for (const node of nodes) {
    if (node.nodes) yield* rules(node.nodes);
    else yield node;
  }
}

/** Drops the custom properties that nothing reads any more, until none is left to drop. */
function dropUnread(nodes) {
  for (let dropped = 1; dropped; ) {
    dropped = 0;
    const read = new Set([...portalCss.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
    for (const { declarations = [], text = "" } of rules(nodes)) {
      for (const [, name] of `${declarations.join(";")};${text}`.matchAll(/var\((--[\w-]+)/g)) read.add(name);
    }
    for (const rule of rules(nodes)) {
      if (!rule.declarations) continue;
      const left = rule.declarations.filter((line) => !line.startsWith("--") || read.has(line.split(":")[0].trim()));
      dropped += rule.declarations.length - left.length;
      rule.declarations = left;
    }
  }
}

/** Writes the rules back; keyframes and @property only where their name is still read. */
function print(nodes, readers) {
  return nodes
    .map((node) => {
      if (node.nodes) {
        const body = print(node.nodes, readers);
        return body && `${node.head}{${body}}`;
      }
      if (node.text !== undefined) {
        const name = node.head.split(/\s+/).pop();
        return readers.includes(name) ? `${node.head}{${node.text}}` : "";
      }
      return node.declarations.length ? `${node.head}{${node.declarations.join(";")}}` : "";
    })
    .filter(Boolean)
    .join("\n");
}

function buildStylesheet() {
  const source = readFileSync(TABLER, "utf8");
  const licence = source.match(/\/\*![\s\S]*?\*\//)[0];
  const nodes = reduce(source.replace(/\/\*[\s\S]*?\*\//g, ""));
  dropUnread(nodes);
  const readers = [...rules(nodes)].flatMap(({ declarations = [] }) => declarations).join(";") + portalCss;
  return `@charset "UTF-8";\n${licence}\n${print(nodes, readers)}\n`;
}

// --- The icons -----------------------------------------------------------------------------------------------------

function iconNames() {
  const names = new Set(
    readFileSync(join(ROOT, "scripts", "icons.txt"), "utf8").split("\n").map((line) => line.trim())
      .filter((line) => line && !line.startsWith("#")),
  );
  for (const text of sources) {
    // {% icon "car" %} in templates; icon="car", icon("car") and "icon": "car" in Python.
    for (const [, name] of text.matchAll(/\bicon(?:_svg)?["']?\s*(?:[=:(]|(?=["']))\s*["']([a-z0-9-]+)["']/g)) names.add(name);
  }
  return [...names].sort();
}

function buildSprite() {
  const missing = [];
  const symbols = iconNames().map((name) => {
    const path = join(ICONS, `${name}.svg`);
    if (!existsSync(path)) {
      missing.push(name);
      return "";
    }
    const inner = readFileSync(path, "utf8").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
    const shapes = inner.replace(/<path stroke="none"[^>]*>/, "").replace(/\s+/g, " ").replace(/> </g, "><").replace(/ \/>/g, "/>");
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.trim()}</symbol>`;
  });
  if (missing.length) throw new Error(`No such icon in @tabler/icons: ${missing.join(", ")}`);
  return `<svg xmlns="http://www.w3.org/2000/svg"><!-- Tabler Icons, MIT licence, https://tabler.io/icons -->\n${symbols.join("\n")}\n</svg>\n`;
}

// -------------------------------------------------------------------------------------------------------------------

const made = { "tabler.css": buildStylesheet(), "icons.svg": buildSprite() };
rmSync(VENDOR, { recursive: true, force: true });
mkdirSync(VENDOR, { recursive: true });
for (const [name, text] of Object.entries(made)) {
  writeFileSync(join(VENDOR, name), text);
  console.log(`static/vendor/${name}: ${(text.length / 1024).toFixed(0)} KiB`);
}
