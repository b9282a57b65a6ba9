// Small helpers: elements whose content is always text, and text that hides nothing.

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "onclick") node.addEventListener("click", value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00ad\ufdd0-\ufdef\ufffe\uffff]/u;
const KEPT = new Set(["\n", "\t", "\u200c", "\u200d"]);  // joiners belong to emoji and scripts

export const isInvisible = (char) => !KEPT.has(char) && INVISIBLE.test(char);

export function named(char) {
  const code = char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return el("span", { class: "ctl", dir: "ltr" }, `U+${code}`);
}

// A text as nodes: characters that nobody could see, or that would turn the text, stand there by name.
export function visible(text) {
  const nodes = [];
  let plain = "";
  for (const char of text) {
    if (!isInvisible(char)) { plain += char; continue; }
    if (plain) nodes.push(plain);
    nodes.push(named(char));
    plain = "";
  }
  if (plain) nodes.push(plain);
  return nodes;
}

export const HAN = /\p{Script=Han}/u;
export const langOf = (text) => (HAN.test(text) ? "zh-Hans" : "en");

export function prose(text, attributes = {}) {
  return el("div", { class: "prose", lang: langOf(text), dir: "ltr", ...attributes }, ...visible(text));
}

export function keycap(text) {
  return el("kbd", { "aria-hidden": "true" }, text);
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
