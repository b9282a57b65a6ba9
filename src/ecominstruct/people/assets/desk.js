// What both kinds of page share: entering, language, questions, keys, saving, undo.

import { el, keycap } from "./dom.js";
import { Outbox } from "./outbox.js";

async function send(method, path, token, content) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers["X-Desk-Token"] = token;
  try {
    const body = method === "POST" ? JSON.stringify(content) : undefined;
    const response = await fetch(path, { method, headers, body, credentials: "same-origin" });
    return { status: response.status, body: await response.json() };
  } catch { return { status: 0, body: {} }; }
}

function wanted() {
  const asked = new URLSearchParams(location.search).get("lang");
  const kept = (() => { try { return localStorage.getItem("lang"); } catch { return null; } })();
  const found = asked || kept || navigator.language || "en";
  return found.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export class Desk {
  // `kind` gives: title, keys (rows of [keys, word]), draw(desk, question), press(desk, event), and may give leave().
  constructor(kind) {
    this.kind = kind;
    this.lang = wanted();
    this.open = [];
    this.last = null;       // after an undo: what was answered before
    this.notice = "";
    this.helping = false;
    this.page = document.getElementById("page");
  }

  say(name, ...values) {
    const text = (this.words[name] || {})[this.lang] || name;
    return text.replace(/\{(\d)\}/g, (_, index) => String(values[Number(index)]));
  }

  async start() {
    const secret = location.hash.slice(1);
    if (secret) history.replaceState(null, "", location.pathname + location.search);
    this.words = (await send("GET", "/words")).body;
    const bad = secret && (await send("POST", "/enter", "", { secret })).status !== 200;
    const { status, body } = await send("GET", "/state");
    if (bad || status !== 200) return this.turnAway(bad);
    Object.assign(this, { person: body.person, token: body.token, progress: body.progress });
    this.outbox = new Outbox({
      name: `outbox-${body.desk}-${body.person}`,
      post: (path, content) => send("POST", path, this.token, content),
      changed: () => this.drawStatus(),
      received: (found, sent) => this.take(found, sent),
      refused: (code, found, sent) => this.refuse(code, found, sent),
    });
    this.frame();
    document.addEventListener("keydown", (event) => this.press(event));
    addEventListener("beforeunload", (event) => { if (this.outbox.list.length) event.preventDefault(); });
    await this.reload();
    this.outbox.run();
  }

  turnAway(bad) {
    document.documentElement.lang = this.lang === "zh" ? "zh-Hans" : "en";
    this.page.replaceChildren(el("main", { class: "end" },
      el("h1", {}, this.say("no_link_title")), el("p", {}, this.say(bad ? "bad_link" : "no_link"))));
  }

  async reload() {
    let found = await send("POST", "/open", this.token, {});
    while (found.status === 0 || found.status >= 500) {
      await new Promise((done) => setTimeout(done, 1000));
      found = await send("POST", "/open", this.token, {});
    }
    if (found.status === 200) this.take(found.body, null);
    else this.announce(this.say(found.status === 401 ? "bad_link" : "reload"));
  }

  // ---------------------------------------------------------------------------------------------- questions

  current() {
    const sent = this.outbox.deals();
    return this.open.find((question) => !sent.has(question.deal)) || null;
  }

  take(found, sent) {
    this.open = found.open;
    this.progress = found.progress;
    if (sent && sent.path === "/undo") {
      this.last = found.taken;
      this.announce(this.say(found.taken ? "undone" : "nothing_to_undo"));
    }
    // What somebody is about to write must not be drawn anew under their hands.
    const now = this.current();
    if (now && now.deal === this.drawn && !(sent && sent.path === "/undo" && found.taken)) this.drawStatus();
    else this.draw();
  }

  async refuse(status, found, sent) {
    if (status === 401 || status === 403) {
      this.announce(this.say(status === 401 ? "bad_link" : "reload"));
      return this.drawStatus();
    }
    this.announce(status === 409 ? this.say("question_moved") : this.say("refused_by_server", found.problem));
    await this.reload();
    return this.draw();
  }

  answer(answer) {
    const question = this.current();
    if (!question) return;
    this.last = null;
    this.notice = "";
    this.outbox.put("/answer", { deal: question.deal, answer });
    this.draw();
  }

  undo() { this.outbox.put("/undo", {}); }

  // --------------------------------------------------------------------------------------------------- page

  frame() {
    document.documentElement.lang = this.lang === "zh" ? "zh-Hans" : "en";
    document.title = this.say(this.kind.title);
    this.status = el("div", { class: "status" });
    this.live = el("div", { class: "notice", role: "status", "aria-live": "polite" });
    this.main = el("main", { id: "main", tabindex: "-1" });
    this.help = el("dialog", { class: "help", "aria-label": this.say("keys") });
    const switcher = el("button", { class: "quiet", lang: this.lang === "zh" ? "en" : "zh-Hans", onclick: () => this.turn() },
      this.say("other_language"), keycap("L"));
    this.page.replaceChildren(
      el("header", {},
        el("h1", {}, this.say(this.kind.title)),
        this.status,
        el("div", { class: "tools" },
          el("button", { class: "quiet", id: "undo", "aria-keyshortcuts": "U", onclick: () => this.undo() },
            this.say("undo"), keycap("U")),
          switcher,
          el("button", { class: "quiet", "aria-keyshortcuts": "?", onclick: () => this.toggleHelp() },
            this.say("keys"), keycap("?")))),
      this.live, this.main, this.help);
    this.help.addEventListener("close", () => { this.helping = false; });
    this.help.append(el("h2", {}, this.say("help_title")),
      el("dl", {}, ...this.kind.keys.flatMap(([keys, word]) =>
        [el("dt", {}, ...keys.split(" ").map(keycap)), el("dd", {}, this.say(word))])),
      el("button", { onclick: () => this.toggleHelp() }, this.say("close"), keycap("Esc")));
    this.drawStatus();
  }

  turn() {
    this.lang = this.lang === "zh" ? "en" : "zh";
    try { localStorage.setItem("lang", this.lang); } catch { /* for this page only */ }
    this.frame();
    this.draw();
  }

  toggleHelp() {
    this.helping = !this.helping;
    if (this.helping) this.help.showModal(); else this.help.close();
  }

  announce(text) {
    this.notice = text;
    if (this.live) this.live.replaceChildren(text);
  }

  drawStatus() {
    if (!this.status) return;
    const waiting = this.outbox.list.length;
    const { done, waiting: left } = this.progress;
    const all = done + left;
    const saved = waiting === 0 ? this.say("saved")
      : this.outbox.failures ? this.say("unsaved", waiting) : this.say("saving", waiting);
    const many = left >= 10000 ? "10000+" : left;
    this.status.replaceChildren(
      el("span", { class: "who" }, this.say("person", this.person)),
      el("progress", { max: all || 1, value: done, "aria-label": this.say("progress", done, many) }),
      el("span", { class: "count" }, this.say("progress", done, many)),
      el("span", { class: this.outbox.failures ? "save bad" : "save", "data-waiting": waiting,
        role: this.outbox.failures ? "alert" : null }, saved));
  }

  draw() {
    this.drawStatus();
    this.live.replaceChildren(this.notice);
    const question = this.current();
    this.drawn = question ? question.deal : null;
    if (question) {
      document.body.dataset.deal = question.deal;
      delete document.body.dataset.done;
      this.kind.draw(this, question);
      scrollTo(0, 0);
      return;
    }
    delete document.body.dataset.deal;
    if (this.outbox.list.length) return this.main.replaceChildren(el("p", { class: "wait" }, this.say("loading")));
    document.body.dataset.done = "yes";
    return this.main.replaceChildren(el("section", { class: "end", id: "done" },
      el("h2", {}, this.say("done_title")),
      el("p", { class: "big" }, this.say("done_count", this.progress.done)),
      el("p", {}, this.say("done_more"))));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      if (!(event.key === "Enter" && event.ctrlKey)) return;
    }
    if (this.helping) { if (event.key === "?") { event.preventDefault(); this.toggleHelp(); } return; }
    const writing = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
    const key = keyOf(event);
    if (!writing && !(this.kind.editor)) {
      const done = { u: () => this.undo(), l: () => this.turn(), "?": () => this.toggleHelp() }[key];
      if (done && !event.repeat) { event.preventDefault(); return done(); }
    }
    const question = this.current();
    if (question) this.kind.press(this, question, key, event, writing);
  }
}

// The key as it is labelled; where an input method swallowed it, the letter that stands there on most keyboards.
function keyOf(event) {
  const key = event.key === "Process" || event.key === "Unidentified"
    ? event.code.replace(/^(Key|Digit|Numpad)/, "") : event.key;
  if (key === "？") return "?";
  return key.length === 1 ? key.toLowerCase() : key;
}
