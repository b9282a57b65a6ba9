// One editor for each widget. An editor has nodes(), value() (null where something is missing, with `problem`),
// focus(), and press(key, event), which says whether the key meant something.

import { el, keycap, langOf, visible } from "./dom.js";
import { SpanEditor } from "./spans.js";
import { slice } from "./units.js";

export function editorFor(question, say, announce) {
  const make = { labels: Labels, choose: Labels, rank: Rank, spans: Spans, span: Spans, text: Text }[question.widget.name];
  return new make(question, say, announce);
}

class Labels {
  constructor({ widget, gold }, say) {
    Object.assign(this, { widget, say });
    this.single = !(widget.name === "labels" && widget.many);
    this.chosen = new Set(widget.name === "labels" ? gold.labels : gold.text ? [gold.text] : []);
    this.filter = el("input", { type: "search", id: "filter", "aria-label": say("filter"), placeholder: say("filter") });
    this.filter.addEventListener("input", () => this.draw());
    this.box = el("div", { class: `options${widget.options.some((text) => text.length > 30) ? " lines" : ""}`,
      role: this.single ? "radiogroup" : "group", "aria-label": say("your_answer") });
    this.at = 0;
    this.draw();
  }

  nodes() { return [this.widget.options.length > 9 ? this.filter : null, this.box].filter(Boolean); }
  focus() { if (this.widget.options.length > 9) this.filter.focus(); else this.box.querySelector("button")?.focus(); }
  shown() {
    const wanted = this.filter.value.trim().toLowerCase();
    return this.widget.options.filter((text) => text.toLowerCase().includes(wanted));
  }

  draw() {
    const shown = this.shown();
    this.at = Math.min(this.at, Math.max(0, shown.length - 1));
    this.box.replaceChildren(...shown.map((text, index) => el("button", {
      class: `option${index === this.at && this.filter.value ? " now" : ""}`, type: "button", lang: langOf(text),
      role: this.single ? "radio" : null,
      [this.single ? "aria-checked" : "aria-pressed"]: this.chosen.has(text) ? "true" : "false",
      onclick: () => this.toggle(text) }, index < 9 ? keycap(String(index + 1)) : null, el("span", {}, ...visible(text)))));
  }

  toggle(text) {
    const focused = [...this.box.children].indexOf(document.activeElement);
    if (this.single) this.chosen = new Set([text]);
    else if (!this.chosen.delete(text)) this.chosen.add(text);
    this.draw();
    if (focused >= 0) this.box.children[focused]?.focus();
  }

  press(key, event, writing) {
    if (writing) {
      if (key === "ArrowDown" || key === "ArrowUp") {
        this.at = Math.max(0, Math.min(this.shown().length - 1, this.at + (key === "ArrowDown" ? 1 : -1)));
        this.draw();
        return true;
      }
      if (key === "Enter" && this.filter.value && this.shown()[this.at]) {
        this.toggle(this.shown()[this.at]);
        this.filter.value = "";
        this.draw();
        return true;
      }
      return false;
    }
    const found = /^[1-9]$/.test(key) && this.shown()[Number(key) - 1];
    if (found) this.toggle(found);
    return Boolean(found);
  }

  value() {
    if (!this.chosen.size) { this.problem = "must_choose"; return null; }
    const chosen = this.widget.options.filter((text) => this.chosen.has(text));
    return this.widget.name === "labels" ? { labels: chosen } : { text: chosen[0] };
  }
}

class Text {
  constructor({ widget, gold }, say) {
    Object.assign(this, { widget });
    this.area = el("textarea", { id: "text", rows: Math.min(8, 2 + gold.text.split("\n").length), maxlength: 20000,
      "aria-label": say("your_answer"), lang: langOf(gold.text || widget.input) });
    this.area.value = gold.text;
    this.lines = gold.text.includes("\n");
  }

  nodes() { return [this.area]; }
  focus() { this.area.focus(); this.area.setSelectionRange(this.area.value.length, this.area.value.length); }
  press(key, event) { return key === "Enter" && this.lines && !event.ctrlKey ? "native" : false; }

  value() {
    const text = this.area.value.trim();
    if (!text && !this.widget.none) { this.problem = "must_write"; return null; }
    return { text };
  }
}

class Rank {
  constructor({ widget, gold }, say) {
    const rest = widget.options.filter((text) => !gold.ranking.includes(text));
    Object.assign(this, { say, order: [...gold.ranking.filter((text) => widget.options.includes(text)), ...rest], at: 0 });
    this.box = el("ol", { class: "options lines", tabindex: "0", role: "listbox", id: "rank",
      "aria-label": say("your_answer") });
    this.draw();
  }

  nodes() { return [el("p", { class: "soft hint" }, this.say("rank_help")), this.box]; }
  focus() { this.box.focus(); }

  draw() {
    this.box.setAttribute("aria-activedescendant", `rank-${this.at}`);
    this.box.replaceChildren(...this.order.map((text, index) => el("li", { id: `rank-${index}`, role: "option",
      class: `option${index === this.at ? " now" : ""}`, lang: langOf(text), "aria-selected": index === this.at ? "true" : "false",
      onclick: () => { this.at = index; this.draw(); this.box.focus(); } }, ...visible(text))));
  }

  press(key, event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (!step) return false;
    const next = this.at + step;
    if (next < 0 || next >= this.order.length) return true;
    if (event.shiftKey) [this.order[this.at], this.order[next]] = [this.order[next], this.order[this.at]];
    this.at = next;
    this.draw();
    return true;
  }

  value() { return { ranking: this.order }; }
}

class Spans {
  constructor({ widget, gold }, say, announce) {
    this.one = widget.name === "span";
    this.text = widget.input;
    let spans = gold.spans;
    if (this.one) {
      const begin = gold.text ? widget.input.lastIndexOf(gold.text) : -1;
      const start = begin < 0 ? 0 : Array.from(widget.input.slice(0, begin)).length;
      spans = begin < 0 ? [] : [{ label: "", start, end: start + Array.from(gold.text).length }];
    }
    this.editor = new SpanEditor({ text: widget.input, types: widget.options, spans, one: this.one, say, announce });
    this.ownsText = true;
  }

  nodes() { return this.editor.nodes(); }
  focus() { this.editor.box.focus(); }
  press(key, event) { return this.editor.press(key, event); }

  value() {
    const spans = this.editor.spans.map(({ label, start, end }) => ({ label, start, end }));
    if (!this.one) return { spans };
    if (!spans.length) { this.problem = "must_choose"; return null; }
    return { text: slice(this.text, spans[0].start, spans[0].end) };
  }
}
