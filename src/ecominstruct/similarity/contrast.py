"""Contrast: what makes two nearly equal texts different in meaning. Their marks, and words that replace each other.

"Rope 5 m" and "rope 5 ft", "XY-805" and "XY-423", "it fits" and "it doesn't fit" share almost all their letters, but
are not duplicates. The marks of a text are what must not differ between duplicates: numbers with their unit, model
codes, negations, sizes, colours, sides, genders and ages, and a few words with a common opposite. Marks are normalised:
"17 ounces" and "17oz", "three" and 3, 五公斤 and "5 kg", "can't" and "cannot" are equal. They form a multiset, so word
order does not matter; neither do punctuation, case, width and tags.

The word "one" (a, 一) is rarely a number, and is ignored. A number is kept with the known unit that follows it, if any.
Other differences (another brand, another fruit) can be seen only by comparing both texts: `swapped`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import OSA, Indel, Levenshtein

from ecominstruct.folding import NUMBER_WORDS, digits, simplified, without_markup

Marks = tuple[str, ...]
"""The sorted marks of a text; a repeated mark counts each time."""
NOT = "not"


def _named(groups: str) -> Mapping[str, str]:
    """Map each word to its name. Commas separate groups of synonyms; the first word of a group is its name."""
    return {word: words[0] for group in groups.split(",") if (words := group.split()) for word in words}


def _listed(words: str) -> list[str]:
    return words.split()


# ----------------------------------------------------------------------------------------------------- the closed lists

_WORDS = _named("""
not no never without none nothing nobody nowhere neither nor cannot cant wont dont doesnt didnt isnt arent
wasnt werent nt aint hasnt havent hadnt wouldnt couldnt shouldnt mustnt neednt hardly barely lacks lacking
excluding except non, xs, xl, xxl, xxxl, small, medium, large, mini, ultra, plus, max, pro, lite, red,
orange, yellow, green, blue, purple violet, pink, black, white, grey gray, brown, beige, silver, gold golden,
ivory, navy, teal, turquoise, men mens man mans, women womens woman womans ladies lady, boys boy, girls girl,
kids kid children childrens child toddler toddlers, baby babies infant infants newborn, adult adults, male,
female, unisex, left, right, front, rear, upper, lower, inner, outer, indoor indoors, outdoor outdoors, wired,
wireless cordless, before, after, hot, cold, new, used refurbished, zero
""")
_PHRASES = re.compile(r"\b(?:far from|anything but)\b")

_UNITS = _named("""
kg kgs kilo kilos kilogram kilograms 公斤 千克, g gr gram grams gramme grammes 克, mg milligram milligrams
毫克, ug mcg microgram micrograms 微克, lb lbs pound pounds 磅, oz ounce ounces 盎司, 斤, 两, t ton tons tonne
tonnes 吨, l litre litres liter liters ltr 升, ml millilitre millilitres milliliter milliliters 毫升, cl
centilitre centilitres, gal gallon gallons 加仑, pt pint pints, qt quart quarts, cup cups 杯, mm millimetre
millimetres millimeter millimeters 毫米, cm centimetre centimetres centimeter centimeters 厘米 公分, m metre
metres meter meters 米, km kilometre kilometres kilometer kilometers 公里 千米, in inch inches 英寸 寸, ft foot
feet 英尺 尺, yd yds yard yards, mi mile miles 英里, w watt watts 瓦, kw kilowatt kilowatts 千瓦, v volt volts
伏, a amp amps ampere amperes 安, ah 安时, mah 毫安 毫安时, wh 瓦时, mwh 毫瓦时, kwh 度, hz 赫兹, khz, mhz,
ghz, kb, mb 兆, gb, tb, k, dpi, ppi, px pixel pixels 像素, mp megapixel megapixels, rpm, bar, psi, pa 帕, kpa
千帕, c °c ℃ celsius 摄氏度, f °f ℉ fahrenheit 华氏度, deg degree degrees °, % percent pct, iu 国际单位, s
sec secs second seconds 秒, min mins minute minutes 分钟, h hr hrs hour hours 小时 钟头, day days 天 日, week
weeks wk wks 周 星期 礼拜, month months 月, year years yr yrs 年, 岁, pack packs pk 包, pcs pc piece pieces 件,
pair pairs 双 对, set sets 套, box boxes 盒, bottle bottles 瓶, count ct, 片, 只, 个, 支, 枚, 粒, 张, 号, 码,
层, 档, $ usd dollar dollars 美元, € eur euro euros 欧元, £ gbp 英镑, ¥ cny rmb yuan 元 块, jpy yen 日元 円, 万
""")
_ONLY_JOINED = frozenset(("in", "a", "s", "t", "k", "g", "f", "c"))  # after a space these are no units
_CURRENCIES = frozenset("$€£¥")  # may precede a number
_LETTERS = frozenset(("s", "m", "l"))  # sizes, unless they are the unit of a number

_ZH_WORDS = _named("""
not 不 没 無 无 未 勿 否 莫 非 别 沒 禁, 大号 大码, 小号 小码, 中号 中码, 特大 加大, 均码, 红 紅, 黄 黃, 蓝 藍,
绿 綠, 紫, 黑, 白, 灰, 粉, 橙, 棕, 银, 男, 女, 童, 婴, 左, 右, 有线, 前置, 后置, 单, 双, 室内, 室外 户外
""")
# Words in which a character above has another meaning; they are skipped.
_ZH_OTHER = _listed("""
特别 区别 类别 级别 性别 分别 个别 鉴别 识别 告别 别墅 别人 非常 除非 是非 不过 不仅 不但 不光 不管 不论 无论
未来 差不多 不锈钢 是不是 好不好 能不能 有没有 会不会 要不要 可不可以 明白 白天 白菜 黑夜
""")
_OPPOSITES = frozenset(
    frozenset(pair.split("/"))
    for pair in _listed("""
intact/broken good/bad easy/hard easy/difficult open/closed full/empty wet/dry high/low long/short big/small fast/slow
quiet/loud soft/hard thick/thin cheap/expensive up/down in/out on/off top/bottom first/last best/worst better/worse
more/less min/max start/stop buy/sell love/hate always/never with/without over/under dark/light early/late heavy/light
clean/dirty true/false yes/no
""")
)
_NEGATING = ("un", "dis", "non", "in", "im", "ir", "mis")

# ------------------------------------------------------------------------------------------------------------ patterns


def _either(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_CJK = r"\u3400-\u4dbf\u4e00-\u9fff"
_CHINESE = re.compile(f"[{_CJK}]")
_BLANKS = re.compile(r"\s\s*")
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_DIGIT = re.compile("[0-9]")
_NUMBERED = re.compile(r"[0-9][a-z0-9.,-]*")
_PIECE = re.compile(r"(?P<number>[0-9]+(?:[.,][0-9]+)*)(?P<unit>[a-z]*)|(?<![a-z])[a-z]+[0-9][a-z0-9]*")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_LONGEST_NAME = 24  # maximum letters and hyphens before a number that are looked at
_LONGEST_HEAD = 3  # maximum letters before a hyphen and a number that form a code: WF-62, but not size-62
_LATIN = re.compile("[a-z]+(?![a-z0-9])")
_LONGEST_SIGN = max(len(unit) for unit in _UNITS if not unit.isascii())
_SHORTEST_WORD = 4  # letters: shorter capitalised words are names, EF or F
_SIGNS = bytes(code if chr(code).isalnum() else 32 for code in range(256))  # ASCII signs become spaces
_SMALL_LETTERS = "abcdefghijklmnopqrstuvwxyz-"
_JOINED_BEFORE = frozenset(_SMALL_LETTERS) | _CURRENCIES  # belongs to a number that follows it
_LONGEST_UNIT = 16
# The patterns below begin with a literal character, so scanning costs about ten nanoseconds per character.
_NUMERAL = re.compile("[〇零一二两三四五六七八九十百千][〇零一二两三四五六七八九十百千]*")
_ZH_MARK = re.compile(_either([*_ZH_OTHER, *_ZH_WORDS]))


# --------------------------------------------------------------------------------------------------------------- marks


def marks(texts: Sequence[str]) -> list[Marks]:
    """Return the marks of each text. Texts are given as written, not in normal form."""
    return [_marks(text) for text in texts]


def _marks(text: str) -> Marks:
    plain = _plain(text)
    found = _of_words(plain)
    chinese = not plain.isascii() and _CHINESE.search(plain) is not None
    if chinese:
        plain = _NUMERAL.sub(_as_digits, _BLANKS.sub(_between_words, plain))
        found += [_ZH_WORDS[word] for word in _ZH_MARK.findall(plain) if word in _ZH_WORDS]
    if _DIGIT.search(plain):
        found += _of_numbers(plain)
    return tuple(sorted(found))


def _plain(text: str) -> str:
    """Remove markup, and fold to one case, width and script; signs stay."""
    if "<" in text or "&" in text:
        text = without_markup(text)
    if text.isascii():
        return text.lower()
    return text.translate(_folds())


def _between_words(blanks: re.Match[str]) -> str:
    """Remove white space next to a Chinese character; collapse other white space to one space."""
    text, start, end = blanks.string, blanks.start(), blanks.end()
    beside = text[start - 1 : start] + text[end : end + 1]
    return "" if _CHINESE.search(beside) else " "


def _as_digits(numeral: re.Match[str]) -> str:
    """Convert a Chinese numeral to digits, except 一 alone, which is rarely a number, and 十 in 十分."""
    found = numeral.group()
    if found == "一" or (found == "十" and numeral.string.startswith("分", numeral.end())):
        return found
    return digits(found)


class _Folds(dict[int, str]):
    """A `str.translate` table, filled on demand, that folds case, width and script."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = "'" if char == "\u2019" else simplified(unicodedata.normalize("NFKC", char).casefold())
        self[code] = folded
        return folded


@lru_cache(maxsize=1)
def _folds() -> _Folds:
    return _Folds()


def _of_words(plain: str) -> list[str]:
    """The marks that are English words."""
    if "'" in plain:
        plain = plain.replace(" '", "'").replace("'", "")
    tokens = plain.encode("ascii", "replace").translate(_SIGNS).decode("ascii").split()
    found = [_WORDS[token] for token in tokens if token in _WORDS]
    if "far from" in plain or "anything but" in plain:
        found += [NOT] * len(_PHRASES.findall(plain))
    if not _LETTERS.isdisjoint(tokens):
        found += [token for before, token in pairwise(["", *tokens]) if token in _LETTERS and not before[-1:].isdigit()]
    if not NUMBER_WORDS.keys().isdisjoint(tokens):
        found += _of_number_words(tokens)
    return found


def _of_number_words(tokens: list[str]) -> Iterator[str]:
    """Number words as numbers, with a following unit. "One" without a unit is ignored."""
    done = -1
    for at in (at for at, token in enumerate(tokens) if token in NUMBER_WORDS):
        if at <= done:
            continue
        number, done = NUMBER_WORDS[tokens[at]], at
        ones = NUMBER_WORDS.get(tokens[at + 1], 10) if number >= 20 and at + 1 < len(tokens) else 10
        if ones < 10:
            number, done = number + ones, at + 1
        behind = tokens[done + 1] if done + 1 < len(tokens) else ""
        unit = _UNITS.get(behind, "") if behind not in _ONLY_JOINED else ""
        if number > 1 or unit:
            yield f"{number}{unit}"


def _of_numbers(plain: str) -> Iterator[str]:
    """The marks that are numbers and codes."""
    for word in _NUMBERED.finditer(plain):
        start, body = word.start(), word.group().rstrip(".,-")
        behind = plain[start + len(body) : start + len(body) + _LONGEST_UNIT]
        if body.isdigit() and (not start or plain[start - 1] not in _JOINED_BEFORE):  # the most frequent case
            yield body + _unit_behind(behind)
            continue
        before = plain[max(0, start - _LONGEST_NAME) : start]
        head = before[len(before.rstrip(_SMALL_LETTERS)) :].lstrip("-")
        name = head.replace("-", "")
        if name and (not head.endswith("-") or len(name) <= _LONGEST_HEAD):
            yield name + body.replace("-", "")
        elif _is_code(joined := body.replace("-", "")):
            yield joined
        else:
            yield from _measures(body, behind, before[-1:] if before[-1:] in _CURRENCIES else "")


def _is_code(word: str) -> bool:
    """Whether letters between digits make a model code, rather than a separator between two measures."""
    inner = word.strip("0123456789")
    return len(inner) < len(word) and word[-1].isdigit() and inner.isalnum() and inner not in ("", "x", "in", "to")


def _measures(body: str, behind: str, before: str) -> Iterator[str]:
    """The numbers of a word that begins with one: 5kg, 36-37, 26x2.1, 3-in-1.

    A unit may follow in `behind`, a currency sign precede in `before`.
    """
    for piece in _PIECE.finditer(body):
        number, unit = piece["number"], piece["unit"]
        if number is None:
            yield piece.group()
            continue
        if not unit:
            unit = _unit_behind(body[piece.end() :] + behind) or before
        yield _number(number) + ("" if unit == "x" else _UNITS.get(unit, unit))


def _number(written: str) -> str:
    """Normalise a number: without thousands separators and trailing zeros."""
    if "," in written:
        written = written.replace(",", "" if _THOUSANDS.fullmatch(written) else ".")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _unit_behind(text: str) -> str:
    """Return the known unit at the start of the text after a number, or ""."""
    rest = text.lstrip(" -")
    if rest[:1].isascii() and rest[:1].isalpha():
        word = _LATIN.match(rest) if rest != text else None
        return _UNITS.get(word.group(), "") if word and word.group() not in _ONLY_JOINED else ""
    for length in range(min(_LONGEST_SIGN, len(rest)), 0, -1):
        if rest[:length] in _UNITS:
            return _UNITS[rest[:length]]
    return ""


# --------------------------------------------------------------------------------------------------------------- swaps


def swapped(one: str, other: str, *, every: bool, added: bool = False) -> bool:
    """Return whether two nearly equal texts have different words in one place: another brand, or the opposite.

    A typo is not a different word. `every`: any different word counts, as in short texts; otherwise only opposites
    ("safe", "unsafe") and names, capitalised on both sides. `added`: words that only one text has also count.
    """
    left, right = _units(one), _units(other)
    return any(
        _other_words(ours, theirs, every) if ours and theirs else added for ours, theirs in _differing(left, right)
    )


def _differing(left: list[str], right: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Align two word lists and yield the stretches that differ: the words of the one, and those of the other."""
    at, to = 0, 0
    for block in Levenshtein.editops(_lowered(left), _lowered(right)).as_matching_blocks():
        if block.a > at or block.b > to:
            yield left[at : block.a], right[to : block.b]
        at, to = block.a + block.size, block.b + block.size


def _units(text: str) -> list[str]:
    """The words of a text as written; each Chinese character is one."""
    return _WORD.findall(without_markup(text))


def _lowered(words: Sequence[str]) -> list[str]:
    return [word.casefold() for word in words]


def _other_words(left: Sequence[str], right: Sequence[str], every: bool) -> bool:
    """Whether two aligned stretches contain different words rather than typos."""
    ours, theirs = "".join(left), "".join(right)
    ones, others = _lowered(left), _lowered(right)
    if any(map(_are_opposite, ones, others)):
        return True
    if _CHINESE.search(ours + theirs):
        return every and min(len(left), len(right)) > 1 and Indel.similarity(ours, theirs) == 0
    if ours.isupper() and theirs.isupper() and min(len(ours), len(theirs)) < _SHORTEST_WORD:
        return every
    return not _are_mistyped(ones, others) and (every or (ours[:1].isupper() and theirs[:1].isupper()))


def _are_opposite(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return frozenset((one, other)) in _OPPOSITES or any(long == prefix + short for prefix in _NEGATING)


def _are_mistyped(left: list[str], right: list[str]) -> bool:
    """Whether stretches differ only by typos in their words, or by spaces and up to a fifth of their letters."""
    if len(left) == len(right) and all(map(_is_mistyped, left, right)):
        return True
    one, other = "".join(left), "".join(right)
    most = max(2, max(len(one), len(other)) // 5)
    return len(left) + len(right) > 2 and OSA.distance(one, other) <= min(most, len(one) // 2)


def _is_mistyped(one: str, other: str) -> bool:
    """Whether two words are probably the same, up to typos.

    By edit distance with transpositions (optimal string alignment): at most 1 in two or three letters, 2 in four to
    seven, and two fifths of the length beyond that.
    """
    longest = max(len(one), len(other))
    most = max(2, 2 * longest // 5) if longest >= _SHORTEST_WORD else longest // 2
    return OSA.distance(one, other) <= most
