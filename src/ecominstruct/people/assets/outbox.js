// What was decided and is not yet acknowledged: kept in the browser, sent in order, sent again until it is saved.
// Each submission has a key of its own, so that one that comes twice counts once.

import { newKey } from "./dom.js";

const WAITS = [500, 1000, 2000, 4000, 8000];  // milliseconds between attempts

export class Outbox {
  constructor({ name, post, changed, received, refused }) {
    Object.assign(this, { name, post, changed, received, refused });
    this.failures = 0;
    this.running = false;
    this.list = this.stored();
  }

  stored() {
    try {
      const found = JSON.parse(localStorage.getItem(this.name) || "[]");
      return Array.isArray(found) ? found : [];
    } catch { return []; }
  }

  keep() {
    try { localStorage.setItem(this.name, JSON.stringify(this.list)); } catch { /* full or forbidden: memory it is */ }
    this.changed();
  }

  put(path, content) {
    this.list.push({ path, body: { key: newKey(), ...content } });
    this.keep();
    this.run();
  }

  deals() { return new Set(this.list.filter((each) => each.path === "/answer").map((each) => each.body.deal)); }

  async run() {
    if (this.running) return;
    this.running = true;
    while (this.list.length) {
      const [first] = this.list;
      const { status, body } = await this.post(first.path, first.body);
      if (status === 0 || status >= 500) {
        this.failures += 1;
        this.changed();
        await new Promise((done) => setTimeout(done, WAITS[Math.min(this.failures, WAITS.length) - 1]));
        continue;
      }
      if (status === 401 || status === 403) { this.running = false; return this.refused(status, body, first); }
      this.failures = 0;
      this.list.shift();
      this.keep();
      if (status === 200) this.received(body, first);
      else await this.refused(status, body, first);
    }
    this.running = false;
  }
}
