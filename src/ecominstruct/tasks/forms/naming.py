"""Find the labels of a menu in an answer.

A label matches in any case, width and script, with other or no separators between its words (`track_order`, trackOrder,
"track order"; "Home > Kitchen", "Home/Kitchen"), in the plural, and with number words for digits. If it is the whole
text, up to a fifth of its letters may be wrong. It does not match inside a longer word: "supported" is not in
"unsupported", nor "match" in "mismatch". A word with a negating prefix names the opposite label, if the menu has it.

If the input shows the candidates with letters or numbers, or if they differ only in an id ("Title A", "r2: …"), the id
is a name, too. Paths are also named by their last level, and titles by words that only one of them has.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from ecominstruct.folding import CHINESE_DIGITS, NUMBER_WORDS, simplified

LONGEST = 20_000  # characters: longer texts are not searched for an answer
_CJK = "\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_CJK}]+|[a-z]+|[0-9]+(?:[.,][0-9]+)*")
_FOLDED = str.maketrans({"_": " ", "’": "'", "‘": "'", "“": '"', "”": '"', "＞": ">", "→": ">", "—": "-", "–": "-"})
_IRREGULAR = {
    one: other
    for pair in ("child children", "man men", "woman women", "person people")
    for one, other in (pair.split(), pair.split()[::-1])
}
_COUNTED = re.compile(r"([0-9]{1,2})(?:\.0)?\s?(?:stars?|points?|星|分)?")
_PLACES = {
    word: at
    for words in ("first second third fourth fifth sixth", "one two three four five six", "一 二 三 四 五 六")
    for at, word in enumerate(words.split(), 1)
}
_ORDINAL = re.compile(
    r"(?:the )?(first|second|third|fourth|fifth|sixth|last)(?: (?:one|option|candidate|title|"
    r"product|item|review|question|choice))?"
    r"|(?:number|no\.?|option|candidate|选项)\s?([0-9]{1,2}|one|two|three|four|five|six|"
    r"[一二三四五六])|第([0-9]{1,2}|[一二三四五六])(?:个|项|条|款|种)?|(最后)一?[个项条款]"
)
_ORDINAL_IN = re.compile(
    r"(?<![a-z])(?:the )(first|second|third|fourth|fifth|sixth|last) (?:one|option|candidate|title|product|item|review|"
    r"question|choice|answer|reply)(?![a-z])|第([0-9]{1,2}|[一二三四五六])(?:个|项|条|款)"
)
_LITTLE_WORDS = (
    "the a an of for with and i would is it because its one get take choose pick go recommend buy best fits fit",
    "most my d id suggest be that this option answer you your should to in on as they them so ll will first",
    "choice about are",
)
_LITTLE = frozenset((*"的是那款这个选我最为和了", *" ".join(_LITTLE_WORDS).split()))
_CIRCLED = {0x2460 + number: f" {number + 1}) " for number in range(20)}
_STRUCK = re.compile(r"~~[^~\n]{0,200}~~")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_STARS = re.compile(r"[★⭐🌟][★⭐🌟\ufe0f]{0,9}[☆]{0,10}")
_OUT_OF = re.compile(
    r"(?<=[0-9])\s?(?:/|out of|of)\s?[0-9]{1,3}(?![0-9])|"
    r"[(（]?满分\s?[0-9一-十]{1,3}\s?[分星]?[)）]?"
)
_BETWEEN = r"\W{0,4}"
_AND = rf"(?:{_BETWEEN}(?:and|和|与))?"
_PREFIXES = ("not", "no", "non", "un", "in", "im", "ir", "il", "dis", "mis", "不", "非", "未", "无", "没", "没有")
_OPPOSITES = tuple(
    frozenset(pair.split("/"))
    for pair in (
        *("yes/no", "true/false", "same/different", "match/mismatch", "match/different", "identical/different"),
        *(
            "relevant/irrelevant",
            "answerable/unanswerable",
            "是/否",
            "是/不是",
            "对/错",
            "对/不对",
            "能/不能",
            "相同/不同",
        ),
        *("一致/不一致", "有/无", "有/没有", "可以/不可以", "同款/非同款"),
    )
)
_ALSO = {  # other words for a label, used if the menu does not have that label
    "different": ("not same", "no match", "not match", "not identical"),
    "mismatch": ("not match", "no match"),
    "identical": ("same",),
    "unanswerable": ("not answerable",),
    "insufficient information": ("not enough info", "not enough information"),
    "not enough information": ("not enough info",),
    "nope": ("no",),
    "nah": ("no",),
    "yep": ("yes",),
    "yeah": ("yes",),
    "true": ("yes", "是"),
    "false": ("no", "否"),
    "ladies": ("women",),
    "肯定的": ("是",),
    "否定的": ("否",),
    "不是": ("否",),
    "不相同": ("不同",),
    "不同款": ("非同款",),
    "不一样": ("不同",),
}
_DIGIT_WORDS = {
    digit: "|".join([str(digit), *(w for w, n in NUMBER_WORDS.items() if n == digit)]) for digit in range(1, 10)
}
_DIGIT_CHARS = {digit: "".join(char for char, n in CHINESE_DIGITS.items() if n == digit) for digit in range(1, 10)}
_RUN = re.compile(rf"[{_CJK}]+|[a-z0-9]+(?:[.,][0-9]+)*")
_MARKER = (
    r"(?:^|(?<=[\s(\[（【,，;；:：/]))[(\[（【]?\s?([a-z甲乙丙丁戊己]|"
    r"[0-9]{1,2})\s?(?:[.):：、\]）】]|\s-\s)\s*[\"']?"
)
_IS_ID = re.compile(r"(?:[a-z]+\s)?(?:[a-z]?[0-9]{1,2}|[a-z甲乙丙丁])")
_PARTED = re.compile(r"(?<!\s)\s+-\s+|[:：(（]")
_ID = re.compile(r"^([a-z]?[0-9]{1,2}|[a-z])\s?[:：.、)]")


class Mention(NamedTuple):
    """The place of a label in a normalised text."""

    start: int
    end: int
    label: str


def normal(text: str, *, stars: bool = False) -> str:
    """Normalise case, width and script. `stars`: replace a row of stars by the number of full ones."""
    if "&" in text:
        text = html.unescape(text)
    text = _STRUCK.sub(" ", _CAMEL.sub(" ", text.translate(_CIRCLED)))
    if stars:
        text = _STARS.sub(lambda found: f" {sum(char in '★⭐🌟' for char in found.group())} stars ", text)
    text = simplified(unicodedata.normalize("NFKC", text).translate(_FOLDED)).casefold()
    return _OUT_OF.sub("", text) if stars else text


class Menu:
    """A menu in which answers are looked up; `text` is the input it belongs to."""

    def __init__(self, choices: tuple[str, ...], text: str) -> None:
        self.choices, self._input = choices, text
        self.numbered = any(char.isdigit() for choice in choices for char in choice)
        self._bares = {choice: _bare(normal(choice)) for choice in choices}
        self._longest = max(map(len, self._bares.values()), default=0)
        self._told: dict[tuple[str, bool], str | None] = {}

    def normal(self, text: str) -> str:
        """Normalise a text for searching labels in it."""
        return normal(text, stars=self.numbered)

    @cached_property
    def _shown(self) -> str:
        """The normalised input."""
        return normal(self._input)

    @cached_property
    def forms(self) -> dict[str, str]:
        """The labels by normal form; forms shared by two labels are left out."""
        forms = [self._bares[choice] for choice in self.choices]
        counted = Counter(forms)
        return {form: choice for form, choice in zip(forms, self.choices, strict=True) if counted[form] == 1 and form}

    @cached_property
    def ids(self) -> dict[str, str]:
        """The labels by the letters or numbers that identify them."""
        found = self._ids_of_input() or self._ids_of_choices()
        return {name: choice for name, choice in found.items() if name not in self.forms}

    @cached_property
    def titles(self) -> dict[str, str]:
        """The labels by their wording: the label itself, or the text that the input shows for its id."""
        return self._shown_behind() or self.forms

    def _shown_behind(self) -> dict[str, str]:
        """Labels that are mere ids, by the texts that the input shows for them."""
        forms = {form: choice for form, choice in self.forms.items() if _IS_ID.fullmatch(form)}
        if len(forms) != len(self.choices):
            return {}
        shown = self._shown
        places: list[tuple[int, int, str]] = []
        for form, choice in forms.items():
            found = list(
                re.finditer(rf"(?:^|(?<=[\s(\[（【,;:/]))[(\[（【]?{re.escape(form)}\s?[.):：、\]）】=]+\s*", shown)
            )
            found = found or list(re.finditer(rf"(?:^|(?<=[\s(\[,;:])){re.escape(form)} ", shown))
            if len(found) != 1:
                return {}
            places.append((*found[0].span(), choice))
        places.sort()
        ends = [start for start, _, _ in places[1:]] + [len(shown)]
        texts = [
            (_bare(shown[end:stop].partition("\n")[0]), choice)
            for (_, end, choice), stop in zip(places, ends, strict=True)
        ]
        counted = Counter(text for text, _ in texts)
        return {text: choice for text, choice in texts if text and counted[text] == 1}

    @cached_property
    def shorts(self) -> dict[str, str]:
        """The labels by short forms that suffice alone: a number, the last level of a path, a part before or after a
        separator.
        """
        found: list[tuple[str, str]] = []
        for form, choice in self.forms.items():
            words = _WORD.findall(form)
            levels = [_bare(level) for level in re.split(r"[>/|]", normal(choice))]
            found += [(levels[-1], choice)] if len(levels) > 1 else []
            found += [(word, choice) for word in words if word.isdigit()][:1]
            found += [(first, choice) for first in [_PARTED.split(form)[0].strip()] if first != form]
            found += [(last, choice) for last in _PARTED.split(form)[1:] for last in [last.strip(" )）")]]
        counted = Counter(name for name, _ in set(found))
        return {name: choice for name, choice in found if counted[name] == 1 and name and name not in self.forms}

    @cached_property
    def also(self) -> dict[str, str]:
        """The labels by synonyms and inflected forms."""
        found: dict[str, str] = {}
        for word, labels in _ALSO.items():
            for label in labels:
                choice = self.forms.get(label)
                if choice and word not in self.forms:
                    found.setdefault(word, choice)
        for form, choice in self.forms.items():
            for word in _inflected(form):
                if word not in self.forms:
                    found.setdefault(word, choice)
        if self.titles is not self.forms:
            for text, choice in self.titles.items():
                found.setdefault(text, choice)
        for choice in self.choices:
            opposite = self.opposite(choice)
            form = self._bares[choice]
            if opposite and _is_turned(self._bares[opposite], form):  # choice is the longer, negated one
                base = self._bares[opposite]
                for prefix in _PREFIXES:
                    for word in (f"{prefix}{base}", f"{prefix}-{base}", f"{prefix} {base}"):
                        if word not in self.forms:
                            found.setdefault(word, choice)
        return found

    def opposite(self, choice: str) -> str | None:
        """The label of the menu that negates this one, or that it negates."""
        form = self._bares[choice]
        for other in self.choices:
            theirs = self._bares[other]
            if other != choice and (
                _is_turned(form, theirs) or _is_turned(theirs, form) or frozenset((form, theirs)) in _OPPOSITES
            ):
                return other
        return next(one for one in self.choices if one != choice) if len(set(self.choices)) == 2 else None

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """The search patterns with their labels, the longest first."""
        named = [*self.forms.items(), *self.also.items()]
        named += [(name, choice) for name, choice in self.shorts.items() if len(name) > 3 and not name.isdigit()]
        ordered = sorted(dict(named).items(), key=lambda pair: -len(pair[0]))
        return [(pattern, choice) for name, choice in ordered if (pattern := _pattern(name))]

    def mentions(self, text: str) -> list[Mention]:
        """The places of labels in a normalised text; of overlapping ones, only the longest."""
        taken: list[Mention] = []
        used = bytearray(len(text) + 1)
        for pattern, choice in self._patterns:
            for found in pattern.finditer(text):
                if not any(used[found.start() : found.end()]):
                    used[found.start() : found.end()] = b"\1" * (found.end() - found.start())
                    taken.append(Mention(found.start(), found.end(), choice))
        return sorted(taken)

    def is_double(self, text: str) -> bool:
        """Whether a text equals several labels, up to case, width and white space."""
        bare = _bare(normal(text))
        return sum(form == bare for form in self._bares.values()) > 1 and text not in self.choices

    def whole(self, text: str, *, ids: bool = True) -> str | None:
        """The label that a short normalised text names as a whole."""
        bare = _bare(text)
        if not bare or len(bare) > max(_LONGEST_OTHER, 2 * self._longest):
            return None
        asked = (bare, ids)
        if asked not in self._told:
            if len(self._told) > _REMEMBERED:
                self._told.clear()
            self._told[asked] = self._whole(bare, ids=ids)
        return self._told[asked]

    def _whole(self, bare: str, *, ids: bool) -> str | None:
        for known in (self.forms, self.also, self.ids if ids else {}, self.shorts):
            if bare in known:
                return known[bare]
        marked = _MARK.match(bare)
        named = bare[marked.end() :].strip() if marked else bare
        if marked and named in self.forms:
            clash = marked[1] in self.ids and self.ids[marked[1]] != self.forms[named]
            return None if clash else self.forms[named]
        if self.titles is not self.forms:
            choice = self.forms.get(re.split(r"[\s.):：、\]）】-]", bare, maxsplit=1)[0])
            if choice and self.titles.get(named) == choice:
                return choice
        if self.numbered and (counted := _COUNTED.fullmatch(bare)) and counted[1] in self.forms:
            return self.forms[counted[1]]
        if ids and (place := _ORDINAL.fullmatch(bare)) and (label := self._placed(place)):
            return label
        if named_so := next((choice for pattern, choice in self._patterns if pattern.fullmatch(bare)), None):
            return named_so
        return self._mistyped(bare) or self._cut(bare)

    def places(self, text: str) -> list[Mention]:
        """The places at which a normalised text names candidates by position: "the second one", 第二个."""
        found = _ORDINAL_IN.finditer(text) if len(text) < LONGEST else ()
        return [Mention(*one.span(), label) for one in found if (label := self._placed(one))]

    def _placed(self, found: re.Match[str]) -> str | None:
        """The label at a position. Positions are those in the input, if all labels occur there."""
        shown = self._shown
        forms = {choice: normal(choice).strip() for choice in self.choices}
        if any(form not in shown for form in forms.values()):
            return None
        ordered = sorted(self.choices, key=lambda choice: shown.find(forms[choice]))
        word = next(filter(None, found.groups()))
        place = len(ordered) if word in ("last", "最后") else _PLACES.get(word) or (int(word) if word.isdigit() else 0)
        return ordered[place - 1] if 0 < place <= len(ordered) else None

    def unique(self, piece: str) -> str | None:
        """The one label that contains a piece of at least two characters."""
        bare = _bare(piece)
        found = [choice for form, choice in self.forms.items() if bare in form] if len(bare) > 1 else []
        return found[0] if len(found) == 1 else None

    def _cut(self, bare: str) -> str | None:
        """The one label of which a text is more than half."""
        if len(bare) < (5 if bare.isascii() else 3):
            return None
        found = [
            choice
            for form, choice in self.forms.items()
            if bare in form and 2 * len(bare) > len(form) and _bare(form.replace(bare, "")) not in _PREFIXES
        ]
        return found[0] if len(found) == 1 else None

    @cached_property
    def words(self) -> dict[str, str]:
        """The labels by the words that only one of them has."""
        counted = Counter(word for form in self.titles for word in set(_units(form)))
        return {word: choice for form, choice in self.titles.items() for word in _units(form) if counted[word] == 1}

    def _mistyped(self, bare: str) -> str | None:
        """The label that a text equals up to typing errors: one letter in five, and no other label as close."""
        if len(bare) > 120:
            return None
        near = []
        for form, choice in self.forms.items():
            if bare.isascii() != form.isascii():
                continue
            most = min(2, max(len(form), len(bare)) // 5) if form.isascii() else min(2, len(form) // 6)
            distance = OSA.distance(squeezed(bare), squeezed(form), score_cutoff=most)
            held = abs(len(bare) - len(form)) > 1 and (form in bare or bare in form)  # "not a match" is no typing error
            if distance <= most and not held and _digits(bare) == _digits(form):
                near.append((distance, choice))
        near.sort(key=lambda pair: pair[0])
        if not near or (len(near) > 1 and near[0][0] == near[1][0]):
            return None
        return near[0][1]

    def titled(self, text: str) -> str | None:
        """The candidate that a text identifies by enough of its words, more than it shares with any other."""
        said = _units(text)
        words = set(said)
        if 0 < len(said) <= 2 and len(labels := {self.words.get(word) for word in said if len(word) > 1}) == 1:
            return labels.pop()
        telling = [word for word in said if word not in _LITTLE]
        owners = {self.words[word] for word in telling if word in self.words}
        if len(owners) == 1:
            owner = owners.pop()
            own = next((set(_units(form)) for form, choice in self.titles.items() if choice == owner), set())
            if 3 * sum(word in own for word in telling) >= 2 * len(telling):
                return owner
        scored = []
        for form, choice in self.titles.items():
            own = set(_units(form))
            if own:
                scored.append((len(own & words), len(own & words) / len(own), choice))
        if not scored:
            return None
        scored.sort(key=lambda one: (-one[0], -one[1]))
        best = scored[0]
        rest = [one for one in scored[1:] if one[0] >= best[0]]
        own = set(_units(next(form for form, choice in self.titles.items() if choice == best[2])))
        enough = best[0] >= 2 and (best[1] >= 0.5 or best[0] >= 3)
        enough = enough and 2 * sum(word in own for word in telling) >= len(telling)
        return best[2] if enough and not rest else None

    def _ids_of_input(self) -> dict[str, str]:
        """The letter or number before each candidate in the input."""
        shown = self._shown
        found: dict[str, str] = {}
        for choice in sorted(self.choices, key=len, reverse=True):  # a label may be a prefix of another
            form = normal(choice).strip()
            at = shown.find(form) if form else -1
            names: set[str] = set()
            while at >= 0 and len(names) < 2:
                head = shown[max(0, at - 12) : at]
                before = re.search(_MARKER + "$", head) or re.search(
                    r"(?:^|[\n\s,;:/])\s?([a-z]|[0-9]{1,2})\s{1,3}$", head
                )
                if before:
                    names.add(before[1])
                    shown = shown[:at] + "\0" * len(form) + shown[at + len(form) :]
                at = shown.find(form, at + 1)
            if len(names) != 1:
                return {}
            found[names.pop()] = choice
        return found if len(found) == len(self.choices) > 1 else {}

    def _ids_of_choices(self) -> dict[str, str]:
        """The ids in which the candidates differ: "Title A", "B款", "r1: …"."""
        forms = [normal(choice).strip() for choice in self.choices]
        heads = [found[1] for form in forms if (found := _ID.match(form))]
        if len(set(heads)) == len(forms) > 1:
            return dict(zip(heads, self.choices, strict=True))
        start = len(_common(forms))
        end = (
            len(_common([form[:start:-1] for form in forms])) if start else len(_common([form[::-1] for form in forms]))
        )
        cores = [form[start : len(form) - end].strip() for form in forms]
        if len(set(cores)) == len(cores) > 1 and all(re.fullmatch("[a-z]|[0-9]{1,2}", core) for core in cores):
            return dict(zip(cores, self.choices, strict=True))
        return {}


_LONGEST_OTHER = 40  # characters of other words for a label
_REMEMBERED = 2_000  # size of the lookup cache
_MARK = re.compile(r"^(?:[(\[（【]?(?!x\])([a-z甲乙丙丁]|[0-9]{1,2})[.):：、\]）】](?![0-9])|[-*•·●▪]|[①-⑳])\s*")
_EDGES = " \t\r\n\"'`*#~<>《》「」『』【】〈〉[](){}（）.。!！,，;；:：、?？-=✓✔☑✅\\$|·•"


def _inflected(form: str) -> list[str]:
    """Inflected forms of a label that is one English word, and synonyms of "under" and "over"."""
    for word, others in (("under", ("less than", "below", "cheaper than")), ("over", ("more than", "above"))):
        if form.startswith(word + " "):
            return [other + form[len(word) :] for other in others]
    if form in _IRREGULAR:
        return [_IRREGULAR[form]]
    if len(form) < 4 or not form.isascii() or not form.isalpha():
        return []
    base = form
    for ending, kept in (("ation", ""), ("ment", ""), ("ction", "ct"), ("aint", "ain"), ("ison", "")):
        if form.endswith(ending) and len(form) - len(ending) > 3:
            base = form[: -len(ending)] + kept
            break
    stem = base[:-1] if base.endswith("e") else base
    words = [
        f"{stem}ed",
        f"{stem}ing",
        f"{stem}ison",
        f"{base}s",
        base,
        f"{stem}es",
        f"{stem}ation",
        f"{base}ment",
        f"{stem}able",
        f"{base}ly",
        f"{base}ness",
        f"{stem}ity",
        f"{stem}ion",
        f"{stem}ory",
    ]
    return [word for word in words if word != form]


def _bare(text: str) -> str:
    """Strip a short text of surrounding marks and extra white space."""
    return " ".join(text.strip(_EDGES).split())


def squeezed(text: str) -> str:
    """Only the letters and digits of a normalised text."""
    return "".join(_WORD.findall(text))


def _digits(text: str) -> list[str]:
    return re.findall("[0-9]+", text)


def _units(text: str) -> list[str]:
    """The words of a text, and bigrams of Chinese characters."""
    found: list[str] = []
    for run in _RUN.findall(normal(text)):
        found += [run] if run.isascii() or len(run) < 3 else [run[at : at + 2] for at in range(len(run) - 1)]
    return found


def _is_turned(base: str, other: str) -> bool:
    """Whether the second label is the first one with a negating prefix."""
    if not other.endswith(base) or not base:
        return False
    return _bare(other[: -len(base)]) in _PREFIXES


def _common(texts: Sequence[str]) -> str:
    short = min(texts, key=len)
    for at, char in enumerate(short):
        if any(text[at] != char for text in texts):
            return short[:at]
    return short


@lru_cache(maxsize=4_096)
def _pattern(name: str) -> re.Pattern[str] | None:
    """The pattern of a label within a sentence."""
    words = [word for word in _WORD.findall(name) if word != "and"]
    if not words:
        return None
    parts = [_word_pattern(word, last=at == len(words) - 1) for at, word in enumerate(words)]
    if len(name) == 1 and not name.isascii():  # 是 is part of many words
        return re.compile(rf"(?<![{_CJK}]){name}(?![{_CJK}])|(?<![{_CJK}]){name}(?=的(?![{_CJK}]))")
    if name == "no":  # "no idea" and "no information" name nothing
        return re.compile(r"(?<![a-z0-9])no(?=\W*$|\s?[.,;:!?)\n\"'*-])")
    before = r"(?<![a-z0-9])" if words[0][0].isascii() else ""
    if words[0][0].isdigit():
        before = r"(?<![a-z0-9.,])"
    after = r"(?![a-z0-9])" if words[-1][-1].isascii() else ""
    if words[-1][-1].isdigit():
        after = r"(?![a-z0-9]|[.,][0-9])"
    return re.compile(before + (_AND + _BETWEEN).join(parts) + after)


def _word_pattern(word: str, *, last: bool) -> str:
    if word.isdigit() and len(word) == 1 and int(word) in _DIGIT_WORDS:
        return f"(?:{_DIGIT_WORDS[int(word)]}|[{_DIGIT_CHARS[int(word)]}])"
    plain = re.escape(word)
    if not word.isascii() or not word.isalpha() or not last or len(word) < 3:
        return plain
    if word.endswith("ies") and len(word) > 4:
        return f"{plain[:-3]}(?:ies|y)"
    if word.endswith("y"):
        return f"(?:{plain}|{plain[:-1]}ies)"
    return f"{plain[:-1]}s?" if word.endswith("s") and not word.endswith("ss") else f"{plain}(?:e?s)?"


@lru_cache(maxsize=256)
def menu_of(choices: tuple[str, ...], text: str) -> Menu:
    """The menu of a question, cached, since each reader of an answer needs it."""
    return Menu(choices, text)
