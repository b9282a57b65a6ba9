// A text in units that one moves over: words of English, characters of Chinese; offsets count code points.

const WORD = /[\p{L}\p{M}\p{N}_]/u;
const SINGLE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

export function unitsOf(text) {
  const units = [];
  let place = 0;
  for (const char of text) {
    const kind = SINGLE.test(char) ? "single" : WORD.test(char) ? "word" : /\s/u.test(char) ? "space" : "mark";
    const last = units[units.length - 1];
    const joins = last && last.kind === kind && (kind === "word" || kind === "space");
    // An apostrophe or a point inside a word or number belongs to it.
    if (joins) { last.text += char; last.end += 1; }
    else units.push({ text: char, start: place, end: place + 1, kind });
    place += 1;
  }
  return mergeInner(units);
}

function mergeInner(units) {
  const merged = [];
  for (let i = 0; i < units.length; i += 1) {
    const [before, unit, after] = [merged[merged.length - 1], units[i], units[i + 1]];
    if (before && after && before.kind === "word" && after.kind === "word" && /^['’.\-]$/u.test(unit.text)) {
      before.text += unit.text + after.text;
      before.end = after.end;
      i += 1;
    } else merged.push({ ...unit });
  }
  return merged;
}

// Code points before a UTF-16 offset of a text.
export const codePoints = (text, offset) => Array.from(text.slice(0, offset)).length;
export const slice = (text, start, end) => Array.from(text).slice(start, end).join("");
