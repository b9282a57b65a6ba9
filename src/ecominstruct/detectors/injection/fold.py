"""Text folding for the injection rules: lower case, one width, Latin letters for look-alikes, nothing invisible.

Each character of the folded text maps to the characters of the raw text that it stands for, so mentions get exact
offsets. One-to-one replacements use `str.translate`; removed characters and entities are handled one by one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from html.entities import html5
from typing import NamedTuple

from ecominstruct.detectors.injection.words import words

INVISIBLE = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e01ef"
)
"""Invisible characters, as the content of a character class of `re`."""
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # combining marks over, under or through a letter
_GONE = re.compile(f"[{INVISIBLE}{_MARKS}]|&(?:#[0-9]{{2,7}}|#x[0-9a-f]{{2,6}}|[a-z]{{2,8}});")
_SEEN_AS_NOTHING = re.compile(f"[{INVISIBLE}]")

# Pairs of a letter that looks like a Latin one, and that Latin letter.
LOOK_ALIKES = (
    "аaвbеeкkмmнhоoрpсcтtуyхxіiјjѕsԁdɡgһhԛqԝwѵvӏlԍgαaβbεeιiκkνvοoρpτtυuχxηnωwϲcϳjɑaɩiʀrɪiɢgɴnʏyʟlʜhʙbᴀaᴄcᴅdᴇeᴊjᴋkᴍmᴏoᴘpᴛtᴜuᴠvᴡw"
    "ᴢzꜱsꜰfıiոnօoցgհhսuյjⅰiⅼlⅽcⅾdⅿmßbʋvƅbɾrᏂhᏀgᏢpᎪaᏟcᎬeᎻhᎫjᏦkᏞlᎷmᏚsᎢtᏙvᏔwᏃzꭰdꮯcꮖi"
)
_DISGUISING = re.compile(
    f"[{re.escape(LOOK_ALIKES[::2])}\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f189{_MARKS}]"
)
# For RE2: rows with any of these characters are read by all rules.
ODD = (
    r"[\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{180b}-\x{180f}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{3164}\x{feff}\x{ffa0}"
    r"\x{e0000}-\x{e01ef}\x{fe00}-\x{fe0e}\x{300}-\x{36f}\x{1ab0}-\x{1aff}\x{20d0}-\x{20df}\x{20e1}\x{20e4}-\x{20ff}"
    r"\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}\x{1d400}-\x{1d7ff}\x{24b6}-\x{24e9}\x{1f130}-\x{1f189}\x{250}-\x{2af}\x{1d00}-\x{1d7f}]"
    r"|[a-zA-Z][\x{370}-\x{58f}\x{13a0}-\x{13ff}]|[\x{370}-\x{58f}\x{13a0}-\x{13ff}][a-zA-Z]|\x{fe0f}\x{fe0f}"
    r"|(&#[xX]?[0-9a-fA-F]{2,7};){3}"
)


class Folded(NamedTuple):
    """A folded text. Character i stands for `raw[starts[i]:ends[i]]`; if these are None, for `raw[i]`."""

    text: str
    raw: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where characters `start` to `end` are in the raw text."""
        if self.starts is None or self.ends is None:
            return start, end
        return min(self.starts[start], self.starts[end - 1]), max(self.ends[start], self.ends[end - 1])


@cache
def _table() -> dict[int, int]:
    """The one-to-one replacements."""
    table: dict[int, int] = {}
    for first, last in ((0xFF01, 0xFF5E), (0x1D400, 0x1D7FF), (0x24B6, 0x24E9), (0xC0, 0x24F), (0x1E00, 0x1EFF)):
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKD", chr(code)).lower()[:1]
            if plain.isascii() and plain.isprintable() and plain:
                table[code] = ord(plain)
    for code in (*range(0x1F130, 0x1F14A), *range(0x1F150, 0x1F16A), *range(0x1F170, 0x1F18A)):
        table[code] = ord("a") + (code - 0x1F130) % 32
    table |= dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], 0x20)
    table |= {ord("’"): ord("'"), ord("‘"): ord("'"), ord("“"): ord('"'), ord("”"): ord('"'), ord("｜"): ord("|")}
    table |= {ord(pair[0]): ord(pair[1]) for pair in _pairs(LOOK_ALIKES)}
    return table | {ord(pair[0]): ord(pair[1]) for pair in _pairs("".join(words().traditional.split()))}


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(0, len(text), 2)]


def fold(text: str, gone: str = "") -> Folded:
    """Fold a text. Each invisible character is replaced by `gone`."""
    low = text.lower()
    if len(low) != len(text):  # lower-casing makes a few letters longer
        low = "".join(char.lower()[:1] for char in text)
    low = low if low.isascii() else low.translate(_table())
    if not _GONE.search(low):
        return Folded(low, text)
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    after = 0
    for match in _GONE.finditer(low):
        new = _instead(match.group(), gone)
        parts += (low[after : match.start()], new)
        starts += (*range(after, match.start()), *([match.start()] * len(new)))
        ends += (*range(after + 1, match.start() + 1), *([match.end()] * len(new)))
        after = match.end()
    parts.append(low[after:])
    starts += range(after, len(low))
    ends += range(after + 1, len(low) + 1)
    return Folded("".join(parts), text, starts, ends)


def _instead(found: str, gone: str) -> str:
    """The replacement: the character of an entity, `gone` for an invisible character, nothing for a combining mark."""
    if found[0] != "&":
        return gone if _SEEN_AS_NOTHING.match(found) else ""
    if found[1] != "#":
        return html5.get(found[1:], found)[:1].lower() or found
    code = int(found[3:-1], 16) if found[2] == "x" else int(found[2:-1])
    char = chr(code).lower()[:1] if 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
    return char.translate(_table())


def is_disguised(raw: str) -> bool:
    """Return whether a raw text hides what it says: look-alike or wide letters, invisible characters, entities."""
    return bool(_DISGUISING.search(raw.lower()) or _SEEN_AS_NOTHING.search(raw) or "&#" in raw)
