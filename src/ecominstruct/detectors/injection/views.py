"""Other readings of a text: base64, hexadecimal and escapes decoded; reversed, rotated, spelled out."""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ecominstruct.detectors.injection.fold import Folded
from ecominstruct.detectors.injection.words import Kind

_WORD_BEFORE = re.compile(r"[A-Za-z0-9]{1,40}$")  # characters that an escape continues, as in ignore%20all
_WORDS = re.compile(r"[A-Za-z]{2,20}[ ,.]{1,2}[A-Za-z]{1,20}[ ,.]{1,2}[A-Za-z]{2,20}|[\u4e00-\u9fff]{5,}")


class Code(NamedTuple):
    """An encoding of bytes as letters: the pattern of encoded text, and the decoder."""

    name: str
    pattern: re.Pattern[str]
    quick: str
    decode: Callable[[str], bytes]


class View(NamedTuple):
    """Another reading of a whole text, applied if `sign` matches."""

    kind: Kind
    name: str
    sign: re.Pattern[str]  # in folded text
    quick: str
    read: Callable[[Folded], Folded]


def _base64(text: str) -> bytes:
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def _base32(text: str) -> bytes:
    plain = text.rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def _hexadecimal(text: str) -> bytes:
    return bytes.fromhex(re.sub(r"0x|\\x|[^0-9a-fA-F]", "", text))


def _escapes(text: str) -> bytes:
    codes = [int(code, 16) for code in re.findall(r"[0-9a-fA-F]{4}", text)]
    return "".join(map(chr, codes)).encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _binary(text: str) -> bytes:
    return bytes(int(octet, 2) for octet in text.split())


CODES = (
    Code("base64", re.compile(r"[A-Za-z0-9+/_-]{20,20000}={0,2}"), r"[A-Za-z0-9+/_\-]{20}", _base64),
    Code("base32", re.compile(r"(?<![A-Z2-7])[A-Z2-7]{24,20000}={0,6}"), r"[A-Z2-7]{24}", _base32),
    Code("hexadecimal", re.compile(r"(?<![0-9a-fA-F])(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ :,]?){10,20000}"), r"([0-9a-fA-F]{2}[ :,]?){10}|(\\x[0-9a-fA-F]{2}){5}", _hexadecimal),
    Code("percent", re.compile(r"(?:%[0-9a-fA-F]{2}[A-Za-z0-9+._-]{0,40}){3,20000}"), r"(%[0-9a-fA-F]{2}.{0,40}){3}", lambda text: unquote_to_bytes(text.replace("+", " "))),
    Code("escapes", re.compile(r"(?:\\u\{?[0-9a-fA-F]{4}\}?|[UuＵ]\+[0-9a-fA-F]{4} ?){4,20000}"), r"(\\u\{?[0-9a-fA-F]{4}\}?|[Uu]\+[0-9a-fA-F]{4} ?){4}", _escapes),
    Code("binary", re.compile(r"(?:[01]{8}\s){5,20000}[01]{8}"), r"([01]{8}\s){5}", _binary),
)  # fmt: skip


def decoded(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield parts of a raw text that decode to readable text: name of the encoding, decoded text, start, end."""
    for code in CODES:
        for match in code.pattern.finditer(text):
            begun = (
                _WORD_BEFORE.search(text, max(0, match.start() - 40), match.start()) if code.name == "percent" else None
            )
            start = begun.start() if begun else match.start()
            said = _said(code, text[start : match.end()])
            if said:
                yield code.name, said, start, match.end()


def _said(code: Code, text: str) -> str:
    """Decode a part of a text; "" if the result is not readable words."""
    try:
        said = code.decode(text).decode("utf-8")
    except ValueError:
        return ""
    odd = sum(not (char.isprintable() or char in "\n\t") for char in said)
    return said if not odd and _WORDS.search(said) else ""


def _reversed(folded: Folded) -> Folded:
    size = len(folded.text)
    starts, ends = folded.starts or range(size), folded.ends or range(1, size + 1)
    return Folded(folded.text[::-1], folded.raw, starts[::-1], ends[::-1])


def _translated(table: dict[int, str]) -> Callable[[Folded], Folded]:
    return lambda folded: folded._replace(text=folded.text.translate(table))


_SPELLED = re.compile(r"(?s).(?P<by>[ .\-_*·|~/,+])(?:.(?P=by)){5,}.?")


def _together(folded: Folded) -> Folded:
    """Remove the sign that follows every single character."""
    size = len(folded.text)
    starts, ends = folded.starts or range(size), folded.ends or range(1, size + 1)
    kept: list[int] = []
    after = 0
    for match in _SPELLED.finditer(folded.text):
        kept += (*range(after, match.start()), *range(match.start(), match.end(), 2))
        after = match.end()
    kept += range(after, size)
    text = "".join(folded.text[at] for at in kept)
    return Folded(text, folded.raw, [starts[at] for at in kept], [ends[at] for at in kept])


_ROT13 = {ord(char): codecs.encode(char, "rot13") for char in "abcdefghijklmnopqrstuvwxyz"}
_LEET = {ord(sign): letter for sign, letter in zip("0134578@$!|", "oieastbasil", strict=True)}
_LEET_SIGN = (
    r"(?:[i1!|]gn[o0]r[e3]|pr[e3]v[i1!][o0]u[s5$]|[i1!]n[s5$][t7]ru[c(][t7][i1!][o0]n|pr[o0]mp[t7]|[s5$]y[s5$][t7][e3]m|[o0]u[t7]pu[t7]|"
    r"r[e3][s5$]p[o0]nd|d[i1!][s5$]r[e3]g[a4@]rd|[f]?[o0]v[e3]rr[i1!]d[e3]|r[e3]v[e3][a4@]l|f[o0]ll[o0]w|f[o0]rg[e3][t7]|[a4@]n[s5$]w[e3]r)"
)


@cache
def views() -> tuple[View, ...]:
    """Return all other readings of a whole text."""
    backwards = r"erongi|dragersid|snoitcurtsni|tpmorp|suoiverp|dnopser|metsys|tuptuo|lla tegrof|rewsna|略忽|令指|示提|视无|視無|出输|出輸|答回|复回"
    rotated = r"vtaber|qvfertneq|vafgehpgvba|cebzcg|cerivbhf|erfcbaq|nffvfgnag|bireevqr|erirny|bhgchg|flfgrz"
    return (
        View("encoded", "backwards", re.compile(backwards), f"(?i){backwards}", _reversed),
        View("encoded", "rot13", re.compile(rotated), f"(?i){rotated}", _translated(_ROT13)),
        View(
            "disguised",
            "leet",
            re.compile(rf"(?![a-z]{{1,14}}\b){_LEET_SIGN}"),
            f"(?i){_LEET_SIGN}",
            _translated(_LEET),
        ),
        View("disguised", "spelled_out", _SPELLED, r"\p{L}([ .\-_*·|~/,+]\p{L}){5}|(\pL[.\-_*·|~/+ ]){4}", _together),
    )
