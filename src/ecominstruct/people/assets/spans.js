// Marking stretches of a text with the mouse or with the keys alone.

import { el, keycap, langOf, visible } from "./dom.js";
import { codePoints, slice, unitsOf } from "./units.js";

export class SpanEditor {
  // `types`: labels; none where stretches have no type. `one`: a single stretch is wanted.
  constructor({ text, types, spans, one, say, announce }) {
    Object.assign(this, { text, types, one, say, announce });
    this.spans = spans.map((span) => ({ ...span }));
    this.units = unitsOf(text);
    this.at = this.first(0, 1);
    this.from = this.at;
    this.exact = null;  // a stretch dragged with the mouse, which need not end where a word does
    this.box = el("div", { class: "markable", tabindex: "0", role: "application", lang: langOf(text),
      "aria-label": say("drag_or_keys"), "aria-describedby": "span-help", id: "markable" });
    this.list = el("ul", { class: "chips", "aria-live": "polite" });
    this.buttons = el("div", { class: "options" }, ...this.names().map((label, index) =>
      el("button", { class: `option m${index % 8}`, type: "button", onclick: () => this.mark(label) },
        index < 9 ? keycap(String(index + 1)) : null, label || say("correct"))));
    this.box.addEventListener("mouseup", () => this.drag());
    this.draw();
  }

  names() { return this.types.length ? this.types : [""]; }

  nodes() {
    return [el("p", { class: "soft hint", id: "span-help" }, this.say("span_help")), this.box,
      this.types.length ? this.buttons : null, this.list].filter(Boolean);
  }

  first(from, step) {
    let place = from;
    while (this.units[place] && this.units[place].kind === "space") place += step;
    return this.units[place] ? place : Math.max(0, Math.min(from, this.units.length - 1));
  }

  chosen() {
    if (this.exact) return this.exact;
    if (!this.units.length) return null;
    const [low, high] = [Math.min(this.from, this.at), Math.max(this.from, this.at)];
    return { start: this.units[low].start, end: this.units[high].end };
  }

  draw() {
    const chosen = this.chosen();
    this.box.replaceChildren(...this.units.map((unit, index) => {
      const over = this.spans.filter((span) => span.start < unit.end && span.end > unit.start);
      const classes = ["unit"];
      if (over.length) classes.push("marked", `m${Math.max(0, this.names().indexOf(over[0].label)) % 8}`);
      if (chosen && chosen.start < unit.end && chosen.end > unit.start) classes.push("chosen");
      if (index === this.at) classes.push("at");
      const ends = over.filter((span) => span.end > unit.start && span.end <= unit.end && span.label);
      return el("span", { class: classes.join(" "), "data-unit": index },
        ...visible(unit.text), ...ends.map((span) => el("span", { class: "tag" }, span.label)));
    }));
    this.list.replaceChildren(...this.spans.map((span) => el("li", { class: "chip" },
      span.label ? `${span.label}: ` : "", ...visible(slice(this.text, span.start, span.end)),
      el("button", { class: "quiet", type: "button", "aria-label": `${this.say("span_removed")}: ${span.label}`,
        onclick: () => this.remove(span) }, "×"))));
    const now = this.box.querySelector(".at");
    if (now) now.scrollIntoView({ block: "nearest" });
  }

  move(step, extend) {
    const next = this.first(this.at + step, step);
    if (this.units[next] && this.units[next].kind !== "space") this.at = next;
    if (!extend) this.from = this.at;
    this.exact = null;
    this.draw();
    const chosen = this.chosen();
    if (chosen) this.announce(this.say("span_selected", slice(this.text, chosen.start, chosen.end)));
  }

  drag() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    const [start, end] = [this.offset(range.startContainer, range.startOffset),
      this.offset(range.endContainer, range.endOffset)];
    if (start === null || end === null || start >= end) return;
    selection.removeAllRanges();
    this.exact = { start, end };
    this.draw();
    this.box.focus();
    if (this.names().length === 1) this.mark(this.names()[0]);
  }

  // The offset in code points of a place in the page; null outside the text.
  offset(node, place) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const owner = element.closest("[data-unit]");
    if (!owner || !this.box.contains(owner)) {
      if (node !== this.box) return null;
      const unit = this.units[place];
      return unit ? unit.start : this.units.length ? this.units[this.units.length - 1].end : 0;
    }
    const unit = this.units[Number(owner.dataset.unit)];
    if (element !== owner) return unit.end;  // in the tag behind it
    if (node.nodeType !== Node.TEXT_NODE) return place === 0 ? unit.start : unit.end;
    let before = 0;
    for (const child of owner.childNodes) {
      if (child === node) return unit.start + before + codePoints(node.data, place);
      before += child.nodeType === Node.TEXT_NODE ? codePoints(child.data, child.data.length) : 1;
    }
    return unit.end;
  }

  trimmed({ start, end }) {
    const chars = Array.from(this.text);
    while (start < end && /\s/u.test(chars[start])) start += 1;
    while (end > start && /\s/u.test(chars[end - 1])) end -= 1;
    return { start, end };
  }

  mark(label) {
    const chosen = this.chosen();
    if (!chosen) return;
    const { start, end } = this.trimmed(chosen);
    if (start === end) return;
    // What it touches gives way: marking again is how a mark is moved or gets another label.
    this.spans = this.one ? [] : this.spans.filter((span) => span.end <= start || span.start >= end);
    this.spans.push({ label, start, end });
    this.spans.sort((a, b) => a.start - b.start || a.end - b.end);
    this.announce(this.say("span_marked", `${label} ${slice(this.text, start, end)}`.trim()));
    this.draw();
  }

  remove(span) {
    this.spans = this.spans.filter((other) => other !== span);
    this.announce(this.say("span_removed"));
    this.draw();
    this.box.focus();
  }

  // Whether a key meant something here.
  press(key, event) {
    if (document.activeElement !== this.box) return false;
    const steps = { ArrowLeft: -1, ArrowRight: 1 };
    if (key in steps) { this.move(steps[key], event.shiftKey); return true; }
    if (key === "Home" || key === "End") {
      this.at = key === "Home" ? this.first(0, 1) : this.first(this.units.length - 1, -1);
      this.move(0, event.shiftKey);
      return true;
    }
    if (/^[1-9]$/.test(key) && this.names()[Number(key) - 1] !== undefined) {
      this.mark(this.names()[Number(key) - 1]);
      return true;
    }
    if ((key === " " || key === "Enter") && this.names().length === 1 && !event.ctrlKey) {
      const chosen = this.chosen();
      const there = chosen && this.spans.some((span) => span.start === chosen.start && span.end === chosen.end);
      if (key === "Enter" && there) return false;  // marked already: save
      this.mark(this.names()[0]);
      return true;
    }
    if (key === "Delete" || key === "Backspace") {
      const chosen = this.chosen();
      const hit = chosen && this.spans.find((span) => span.start < chosen.end && span.end > chosen.start);
      if (hit) this.remove(hit);
      return true;
    }
    return false;
  }
}
