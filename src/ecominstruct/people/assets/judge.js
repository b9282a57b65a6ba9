// Two answers side by side; one key says which is better.

import { el, keycap, prose } from "./dom.js";
import { Desk } from "./desk.js";

const CHOICES = [["left", "1", "ArrowLeft", "←"], ["tie", "3", null, null], ["both_bad", "4", null, null],
  ["right", "2", "ArrowRight", "→"]];
const MOST_REASON = 2000;

const judge = {
  title: "judge_title",
  keys: [["1 ←", "key_left"], ["2 →", "key_right"], ["3", "key_tie"], ["4", "key_both_bad"], ["/", "key_reason"],
    ["U", "key_undo"], ["L", "key_language"], ["?", "key_help"]],

  draw(desk, question) {
    const before = desk.last && desk.last.deal === question.deal ? desk.last.answer : {};
    const side = (name) => el("section", { class: `answer ${name}`, "aria-label": desk.say(`answer_${name}`) },
      el("h2", {}, desk.say(`answer_${name}`)),
      question[name] === "" ? el("p", { class: "soft" }, desk.say("empty_answer")) : prose(question[name]));
    const reason = el("textarea", { id: "reason", rows: 1, maxlength: MOST_REASON, "aria-label": desk.say("reason"),
      placeholder: desk.say("reason") });
    reason.value = before.reason || "";
    desk.main.replaceChildren(
      el("section", { class: "prompt", "aria-label": desk.say("prompt") },
        el("h2", {}, desk.say("prompt")), prose(question.prompt)),
      el("div", { class: "pair" }, side("left"), side("right")),
      el("div", { class: "foot" },
        el("div", { class: "verdicts", role: "group", "aria-label": desk.say("judge_title") },
          ...CHOICES.map(([name, number, , arrow]) => el("button",
            { class: `verdict ${name}${before.choice === name ? " before" : ""}`, id: name,
              "aria-keyshortcuts": number, onclick: () => this.choose(desk, name) },
            el("span", {}, desk.say(name)), el("span", { class: "caps" }, keycap(number), arrow ? keycap(arrow) : null)))),
        el("div", { class: "reason" }, reason, el("span", { class: "soft" }, desk.say("reason_hint")))));
  },

  choose(desk, choice) {
    desk.answer({ choice, reason: document.getElementById("reason").value.trim() });
  },

  press(desk, question, key, event, writing) {
    const reason = document.getElementById("reason");
    if (writing) {
      if (key === "Escape" || key === "Enter") { event.preventDefault(); reason.blur(); }
      return;
    }
    if (event.repeat) return;
    if (key === "/") { event.preventDefault(); reason.focus(); return; }
    const found = CHOICES.find(([, number, arrow]) => key === number || key === arrow);
    if (found) { event.preventDefault(); this.choose(desk, found[0]); }
  },
};

new Desk(judge).start();
