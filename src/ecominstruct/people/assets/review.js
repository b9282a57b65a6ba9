// One row at a time: is its answer right? One key says so; a wrong one is corrected in place.

import { el, keycap, langOf, prose, visible } from "./dom.js";
import { Desk } from "./desk.js";
import { editorFor } from "./editors.js";

const VERDICTS = [["accept", "a"], ["correct", "c"], ["refuse", "r"], ["skip", "s"]];
const MOST_REASON = 2000;

// An answer for reading.
function shownGold(desk, widget, gold) {
  const none = () => el("span", { class: "soft" }, desk.say("no_answer"));
  const item = (text) => el("li", { class: "chip", lang: langOf(text) }, ...visible(text));
  if (widget.name === "labels") return el("ul", { class: "chips" }, ...(gold.labels.length ? gold.labels.map(item) : [none()]));
  if (widget.name === "rank") return el("ol", {}, ...gold.ranking.map((text) => el("li", {}, ...visible(text))));
  if (widget.name === "spans") {
    return el("ul", { class: "chips" }, ...(gold.spans.length ? gold.spans.map((span) =>
      el("li", { class: `chip m${Math.max(0, widget.options.indexOf(span.label)) % 8}`, lang: langOf(span.text) },
        span.label ? el("b", {}, ...visible(span.label)) : null, el("span", {}, ...visible(span.text)))) : [none()]));
  }
  return gold.text ? prose(gold.text) : none();
}

// The text with the proposed stretches marked, each with its type.
function markedText(widget, gold) {
  if (widget.name !== "spans" || !gold.spans.length) return prose(widget.input);
  const chars = Array.from(widget.input);
  const box = el("div", { class: "prose", lang: langOf(widget.input), dir: "ltr" });
  let place = 0;
  for (const span of [...gold.spans].sort((a, b) => a.start - b.start)) {
    if (span.start < place || span.start < 0) continue;  // overlapping ones stand in the list below
    box.append(...visible(chars.slice(place, span.start).join("")),
      el("mark", { class: `m${Math.max(0, widget.options.indexOf(span.label)) % 8}` },
        ...visible(chars.slice(span.start, span.end).join("")), span.label ? el("span", { class: "tag" }, span.label) : null));
    place = span.end;
  }
  box.append(...visible(chars.slice(place).join("")));
  return box;
}

const review = {
  title: "review_title",
  editor: null,
  guide: true,
  keys: [["A", "key_accept"], ["C", "key_correct"], ["R", "key_refuse"], ["S", "key_skip"], ["1 9", "key_number"],
    ["Enter", "key_save"], ["Esc", "key_cancel"], ["/", "key_reason"], ["G", "key_guideline"], ["U", "key_undo"],
    ["L", "key_language"], ["?", "key_help"]],

  draw(desk, question) {
    const back = desk.last && desk.last.deal === question.deal ? desk.last.answer : null;
    this.editor = null;
    this.back = back;
    this.work = el("div", { class: "work" });
    desk.main.replaceChildren(el("div", { class: `desk${this.guide ? "" : " wide"}` }, this.work,
      this.guide ? this.guideline(desk, question) : null));
    this.reading(desk, question);
  },

  guideline(desk, { guideline }) {
    const [lang, both] = [desk.lang, (part) => part[desk.lang] || part.en];
    return el("aside", { class: "guideline", "aria-label": desk.say("guideline") },
      el("h2", {}, desk.say("guideline")),
      el("p", { class: "task" }, ...visible(guideline.title)),
      guideline.about ? el("p", {}, ...visible(guideline.about)) : null,
      ...[["guideline_task", "description"], ["guideline_ask", "instruction"], ["guideline_form", "constraint"]]
        .filter(([, part]) => both(guideline[part]))
        .flatMap(([word, part]) => [el("h3", {}, desk.say(word)), el("p", {}, ...visible(both(guideline[part])))]),
      el("h3", {}, desk.say("review_title")),
      el("p", { lang: lang === "zh" ? "zh-Hans" : "en" }, desk.say("guideline_verdicts")));
  },

  // ------------------------------------------------------------------------------------------------- reading

  reading(desk, question) {
    this.editor = null;
    const { widget, gold } = question;
    const listed = widget.name === "labels" && !widget.many && widget.options.length <= 9;
    const candidates = widget.name === "choose" || widget.name === "labels" ? widget.options : [];
    const reason = el("textarea", { id: "reason", rows: 1, maxlength: MOST_REASON, "aria-label": desk.say("reason"),
      placeholder: desk.say("reason") });
    reason.value = (this.back && this.back.reason) || "";
    this.work.replaceChildren(
      question.others.length ? this.disagreement(desk, question) : "",
      el("section", { class: "text", "aria-label": desk.say("input") }, el("h2", {}, desk.say("input")), markedText(widget, gold)),
      candidates.length ? el("section", { "aria-label": desk.say("choices") }, el("h2", {}, desk.say("choices")),
        el("div", { class: `options${candidates.some((text) => text.length > 30) ? " lines" : ""}` },
          ...candidates.map((text, index) => listed
            ? el("button", { class: "option", lang: langOf(text), onclick: () => this.pick(desk, question, text) },
              keycap(String(index + 1)), el("span", {}, ...visible(text)))
            : el("span", { class: "chip", lang: langOf(text) }, ...visible(text))))) : "",
      el("section", { class: "proposal", "aria-label": desk.say("proposed") }, el("h2", {}, desk.say("proposed")),
        el("div", { class: "value" }, shownGold(desk, widget, gold))),
      el("div", { class: "foot" },
        el("div", { class: "verdicts", role: "group", "aria-label": desk.say("review_title") },
          ...VERDICTS.map(([name, key]) => el("button",
            { class: `verdict ${name}${this.back && this.back.verdict === name ? " before" : ""}`, id: name,
              "aria-keyshortcuts": key.toUpperCase(), onclick: () => this.decide(desk, question, name) },
            el("span", {}, desk.say(name)), keycap(key.toUpperCase())))),
        el("div", { class: "reason" }, reason, el("span", { class: "soft" }, desk.say("reason_hint")))));
  },

  disagreement(desk, question) {
    return el("section", { class: "settle" }, el("h2", {}, desk.say("others_said")),
      el("p", {}, desk.say("to_settle")),
      el("ol", { class: "others" }, ...question.others.map((other) => el("li", {},
        el("b", {}, desk.say(other.verdict)),
        other.gold && other.verdict === "correct" ? shownGold(desk, question.widget, other.gold) : null,
        other.reason ? el("p", { class: "soft" }, ...visible(other.reason)) : null))));
  },

  reason() { return document.getElementById("reason")?.value.trim() || ""; },

  decide(desk, question, verdict) {
    if (verdict === "correct") return this.correct(desk, question);
    return desk.answer({ verdict, reason: this.reason() });
  },

  // The label with this number: what stands there is accepted, another one corrects it.
  pick(desk, question, label) {
    if (question.gold.labels.length === 1 && question.gold.labels[0] === label) return this.decide(desk, question, "accept");
    return desk.answer({ verdict: "correct", gold: { labels: [label] }, reason: this.reason() });
  },

  // ---------------------------------------------------------------------------------------------- correcting

  correct(desk, question) {
    const reason = this.reason();
    const before = this.back && this.back.verdict === "correct" ? { ...question, gold: { ...question.gold, ...this.back.gold } } : question;
    this.editor = editorFor(before, desk.say.bind(desk), (text) => desk.announce(text));
    this.kept = reason;
    this.problem = el("p", { class: "problem", role: "alert" });
    this.work.replaceChildren(
      this.editor.ownsText ? "" : el("section", { class: "text" }, el("h2", {}, desk.say("input")), prose(question.widget.input)),
      el("section", { class: "editor", "aria-label": desk.say("your_answer") }, el("h2", {}, desk.say("your_answer")),
        ...this.editor.nodes(), this.problem,
        el("div", { class: "buttons" },
          el("button", { class: "verdict accept", id: "save", onclick: () => this.save(desk, question) },
            desk.say("save"), keycap("Enter")),
          el("button", { id: "cancel", onclick: () => this.reading(desk, question) }, desk.say("cancel"), keycap("Esc")))));
    this.editor.focus();
  },

  save(desk, question) {
    const gold = this.editor.value();
    if (gold === null) { this.problem.replaceChildren(desk.say(this.editor.problem)); return; }
    if (isSame(question, gold)) { this.problem.replaceChildren(desk.say("unchanged")); return; }
    const reason = this.kept;
    this.editor = null;
    desk.answer({ verdict: "correct", gold, reason });
  },

  press(desk, question, key, event, writing) {
    if (this.editor) return this.pressEditing(desk, question, key, event, writing);
    const reason = document.getElementById("reason");
    if (writing) {
      if (key === "Escape" || key === "Enter") { event.preventDefault(); reason.blur(); }
      return;
    }
    if (event.repeat) return;
    const verdict = VERDICTS.find(([, own]) => own === key);
    const { widget } = question;
    const label = /^[1-9]$/.test(key) && widget.name === "labels" && !widget.many && widget.options.length <= 9
      && widget.options[Number(key) - 1];
    if (key === "/") { event.preventDefault(); reason.focus(); }
    else if (key === "g") { this.guide = !this.guide; this.draw(desk, question); }
    else if (verdict) { event.preventDefault(); this.decide(desk, question, verdict[0]); }
    else if (label) { event.preventDefault(); this.pick(desk, question, label); }
  },

  pressEditing(desk, question, key, event, writing) {
    const used = this.editor.press(key, event, writing);
    if (used === "native") return;
    if (used) { event.preventDefault(); return; }
    if (key === "Escape") { event.preventDefault(); this.reading(desk, question); }
    else if (key === "Enter" && event.target.tagName !== "BUTTON") { event.preventDefault(); this.save(desk, question); }
    else if (key === "Enter" && event.target.classList.contains("option")) { event.preventDefault(); this.save(desk, question); }
  },
};

// Whether a correction says what stood there.
function isSame({ widget, gold }, changed) {
  if (widget.name === "labels") return String([...gold.labels].sort()) === String([...changed.labels].sort());
  if (widget.name === "rank") return JSON.stringify(gold.ranking) === JSON.stringify(changed.ranking);
  if (widget.name === "spans") {
    const plain = (spans) => JSON.stringify(spans.map(({ label, start, end }) => [start, end, label]).sort());
    return plain(gold.spans) === plain(changed.spans);
  }
  return gold.text === changed.text;
}

new Desk(review).start();
