"""Rules for persons: names, if the context says that they are names, and ages below 18."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecominstruct.detectors.personal.rule import HAN, Locate, Place, Rule, whole
from ecominstruct.detectors.personal.words import Words, one_of

HAN_RE2 = r"\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}"
ADULT = 18
YOUNGEST = 6  # minimum stated age: younger children write no reviews
_NUMERALS = {word: value for value, word in enumerate("零一二三四五六七八九十")}
_AFTER_NAME = r"(?=[^\u4e00-\u9fff]|$|电话|手机|联系|地址|先生|女士|小姐|微信|身份|住|收|的|号)"
_CAPITAL = r"[A-Z][a-z]{1,15}(?:[-'][A-Z]?[a-z]{1,15})?"
_OWN_AGE = re.compile(
    r"\b(?:(?:I am|I'm|I’m|im|Im|i'm|i am) (?:only |just |now |currently |almost )?|now im |my age is )"
    r"(?P<value>[0-9]{1,2})(?: ?(?:years? old|yrs? old|yo\b|y/o|years?)| ?-?year-?old)?(?![0-9A-Za-z])"
    r"(?! {0,2}(?:%|weeks?|wks?|months?|mos?\b|lbs?|pounds|kilos?|kg|oz|ml|cm|mm|inch|in\b|foot|feet|ft|days?|hours?|hrs?"
    r"|minutes?|min|miles?|of\b|to\b|or\b|x\b|st\b|am\b|pm\b|dd|gb|['\"/:°$+]|[.,][0-9]|[0-9]|-(?!year)|[A-Z]\b))"
)
_AGE_ZH = r"(?P<value>[0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:周岁|岁半|岁)(?!以[上下]|及|[-~—到至])"


def _numeral(word: str) -> int:
    """Parse a number below 100, in digits or in Chinese."""
    if word.isdigit():
        return int(word)
    tens, _, ones = word.rpartition("十")
    if "十" not in word:
        return _NUMERALS.get(word, 99)
    return (_NUMERALS.get(tens, 9) if tens else 1) * 10 + (_NUMERALS.get(ones, 9) if ones else 0)


def _minor(match: re.Match[str]) -> Place | None:
    return whole(match) if YOUNGEST <= _numeral(match["value"]) < ADULT else None


def _not_brand(brands: frozenset[str]) -> Locate:
    def locate(match: re.Match[str]) -> Place | None:
        said = match.group().replace(".", "")
        return None if said in brands else whole(match)

    return locate


def _english_names(words: Words) -> Iterator[Rule]:
    brands = _not_brand(frozenset(words.brands))
    given = one_of(name for line in words.given_names for name in line.split())
    family = one_of(name for line in words.surnames_en for name in line.split())
    label = rf"(?i:{one_of(words.name_labels_en)})"
    initial = r"(?: [A-Z]\.?)?"
    sure = rf"(?i:{one_of(words.sure_name_labels_en)})"
    any_two = rf"{_CAPITAL}{initial} {_CAPITAL}"
    said = re.compile(
        rf"(?<![A-Za-z]){sure}(?:[ \t]{{0,2}}[:,=-]|[ \t]is)?[ \t\n]{{1,2}}(?P<value>{any_two})(?![A-Za-z])"
    )
    yield Rule("person_name", "said_name_en", "medium", said, rf"(?i){one_of(words.sure_name_labels_en)}", brands)
    full = rf"(?:{given}{initial} {_CAPITAL}|{_CAPITAL}{initial} {family})(?: {_CAPITAL})?"
    labelled = re.compile(
        rf"(?<![A-Za-z]){label}(?:[ \t]{{0,2}}[:,=-]|[ \t]is)?[ \t\n]{{1,2}}(?P<value>{full})(?![A-Za-z])"
    )
    quick = rf"(?i){one_of(words.name_labels_en)}.{{0,8}}[a-z]"
    yield Rule("person_name", "labelled_name_en", "medium", labelled, quick, brands)
    # "Name: Sony White" is not a person: after a bare label a given name must follow.
    bare = rf"(?<![A-Za-z])(?<![A-Za-z] )(?i:{one_of(words.bare_name_labels_en)}) ?[:=] ?"
    alone = re.compile(rf"{bare}(?P<value>{given}{initial} {_CAPITAL})(?![A-Za-z])")
    quick = rf"(?i){one_of(words.bare_name_labels_en)} ?[:=：] ?[a-z]"
    yield Rule("person_name", "bare_name_en", "medium", alone, quick, brands)
    title = one_of(words.titles_en)
    titled = re.compile(rf"(?<![A-Za-z]){title}\.? (?P<value>{full}|{family}|{given})(?![A-Za-z'])")
    yield Rule("person_name", "titled_name_en", "medium", titled, rf"{title}\.? [A-Z]", brands)


def _chinese_names(words: Words) -> Iterator[Rule]:
    family = f"(?:{one_of(words.double_surnames)}|[{words.surnames}])"
    name = rf"(?P<value>{family}(?:[{HAN}]|·[{HAN}]){{1,2}}?){_AFTER_NAME}"
    labels = one_of([*words.name_labels_zh, *words.bare_name_labels_zh])
    strict = re.compile(rf"{labels}(?:[^\S\n]{{0,2}}[:为是|=#]{{1,3}}[^\S\n]{{0,2}}|[^\S\n]{{1,2}}){name}")
    quick = rf"{labels}[\s:：为是|=#]{{0,7}}{family}"
    yield Rule("person_name", "labelled_name_zh", "medium", strict, quick)
    bare = re.compile(rf"{one_of(words.bare_name_labels_zh)}[^\S\n]{{0,2}}{name}")
    yield Rule("person_name", "said_name_zh", "medium", bare, quick)
    title = one_of(words.titles_zh)
    titled = re.compile(
        rf"(?:(?<![{HAN}0-9A-Za-z])|(?<=[给找是叫由请和与跟问对位]))(?P<value>{family}[{HAN}]{{0,2}}?){title}"
        rf"(?=[^{HAN}]|$|[您你好说的是在收给要买订推电投反叫有])"
    )
    brands = _not_brand(frozenset(words.brands))
    yield Rule("person_name", "titled_name_zh", "low", titled, rf"{family}[{HAN_RE2}]{{0,2}}{title}", brands)


def _ages(words: Words) -> Iterator[Rule]:
    yield Rule(
        "minor_age",
        "own_age_en",
        "medium",
        _OWN_AGE,
        r"(?i)(i am|i['’]?m|now im|age is) ?[a-z]{0,9} ?[0-9]",
        _minor,
    )
    child = one_of(words.children_en)
    aged = r"(?:,? (?:is|was|just turned|turned|turns|aged?|age|who is|who's)(?: only| just| almost| now)? )"
    of_child = re.compile(
        rf"\b(?:my|our|his|her)(?: [a-z]{{2,10}})? {child}{aged}(?P<value>[0-9]{{1,2}})(?! ?(?:months?|weeks?|lbs?|inch|cm|kg|feet|%|[0-9/.:]))"
        rf"|\b(?:my|our)(?: [a-z]{{2,10}})? (?P<other>[0-9]{{1,2}})[ -]?(?:year|yr)s?[ -]?olds?"
        rf"(?=,? {child}| (?:grand|twin)|,? (?:loves?d?|enjoy|likes?|is|was|will|would|has|had|can|could|wears?|uses?|wants?|who|and|to)\b|[.,!?]|-?$)"
        rf"|\b(?:he|she) is (?P<third>[0-9]{{1,2}}) years? old\b",
        re.IGNORECASE,
    )
    quick = rf"(?i){child}.{{1,24}}[0-9]|(my|our) .{{0,11}}[0-9]{{1,2}}[ -]?(year|yr)|he is [0-9]"
    yield Rule("minor_age", "child_age_en", "low", of_child, quick, _child)
    own = re.compile(rf"(?:我|本人)(?:今年|现在|才|刚|只有|已经|马上){{0,2}}{_AGE_ZH}(?!多?的|[儿女孩宝娃小外孙])")
    yield Rule("minor_age", "own_age_zh", "medium", own, r"(我|本人).{0,8}岁", _minor)
    child_zh = one_of(words.children_zh)
    when = "(?:今年|现在|才|刚满|刚|快|已经|是|只有|那|这){0,2}"
    theirs = re.compile(
        rf"(?:我们|我家|我|咱家|家里)(?:的|家)?(?:{child_zh}{when}{_AGE_ZH}|{when}{_AGE_ZH.replace('value', 'other')}多?的?{child_zh})"
        rf"|{child_zh}今年{_AGE_ZH.replace('value', 'third')}"
    )
    yield Rule(
        "minor_age",
        "child_age_zh",
        "low",
        theirs,
        rf"{child_zh}.{{0,10}}岁|(我|家).{{0,8}}岁.{{0,3}}{child_zh}",
        _child,
    )


def _child(match: re.Match[str]) -> Place | None:
    group = next(name for name in ("value", "other", "third") if match[name])
    return match.span(group) if 0 < _numeral(match[group]) < ADULT else None


def rules(words: Words) -> Iterator[Rule]:
    """Yield the rules for names in context and for ages of minors, English and Chinese."""
    yield from _english_names(words)
    yield from _chinese_names(words)
    yield from _ages(words)
