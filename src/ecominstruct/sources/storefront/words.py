"""The vocabulary of the storefront: one YAML file per category plus shared files, typed and checked.

Each file has an `en` and a `zh` part, so that somebody who knows the trade can add a category without Python.
`vocabulary/README.md` describes the fields.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from ecominstruct.identity import hash64
from ecominstruct.sources.storefront.parts import Cuts, Joins
from ecominstruct.sources.storefront.templates import Template, title_case

LANGUAGES: tuple[str, ...] = ("en", "zh")
FOLDER = Path(__file__).with_name("vocabulary")

# "K##-@" is ("K", 2, "-", 0): literal text, the length of a run of digits, or 0 for a letter.
ModelPattern = tuple[str | int, ...]
Opinion = tuple[str, str, str]  # the clause before the opinion phrase, the phrase, the clause after it

_SINGULAR = {"this": "this", "This": "This", "it": "it", "It": "It", "them": "it", "is": "is", "was": "was",
             "has": "has", "does": "does"}  # fmt: skip
_PLURAL = {"this": "these", "This": "These", "it": "they", "It": "They", "them": "them", "is": "are", "was": "were",
           "has": "have", "does": "do"}  # fmt: skip


class VocabularyError(ValueError):
    """A vocabulary file has invalid content. The message names the file."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One property of a category. `values` are written as in prose, `titled` as in titles and attribute lists."""

    name: str
    values: tuple[str, ...]
    titled: tuple[str, ...]
    same_as: dict[str, str]  # a value (as in titles) -> the same value in another unit
    role: str  # "colour", "size" or ""
    states: tuple[Template, ...]
    asks: tuple[str, ...]
    yes_no: Template


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something that reviews talk about, with clauses that praise and clauses that blame it."""

    name: str
    positive: tuple[Opinion, ...]
    negative: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A customer's question with one intent, and the agent's reply. The fields of `ask` are the slots."""

    intent: str
    ask: Template
    reply: Template


@dataclass(frozen=True, slots=True)
class Category:
    """One fine category in one language."""

    key: str
    name: str
    department: str
    types: tuple[str, ...]
    types_titled: tuple[str, ...]
    grammar: dict[str, str]
    models: tuple[ModelPattern, ...]
    labels: dict[str, str]  # template field -> span label
    boosts: tuple[str, ...]
    titles: tuple[Template, ...]
    title_cuts: tuple[Cuts, ...]  # per title pattern
    intros: tuple[Template, ...]
    occasions: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    aspects: tuple[Aspect, ...]
    exchanges: tuple[Exchange, ...]
    people: tuple[str, ...]  # whom reviewers buy it for; empty: anybody
    skip_intents: frozenset[str]  # shared requests that do not fit, such as a warranty on coffee
    core: tuple[int, ...]  # attributes that every title pattern shows: what a query may ask for
    counts: tuple[int, ...]  # for each attribute, the number of its values
    title_fields: tuple[tuple[tuple[int, str], ...], ...]  # for each title pattern, the attributes that it shows
    spare: tuple[tuple[tuple[int, ...], ...], ...]  # [title][intro] -> attributes that neither of the two shows


@dataclass(frozen=True, slots=True)
class Department:
    """A coarse group of categories (indexes into `Shop.categories`) that share their brands."""

    name: str
    brands: tuple[str, ...]
    categories: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything from which the shop of one language is written. The shared phrase files are plain data."""

    lang: str
    seed: int  # determines the order of the categories
    categories: tuple[Category, ...]
    departments: dict[str, Department]
    brand_label: str
    gap: str  # the separator between two sentences
    promos: tuple[str, ...]
    reviews: dict[str, Any]
    queries: dict[str, tuple[Template, ...]]
    query_cuts: dict[str, Cuts]  # the source of a query pattern -> its parts
    price_label: str
    prices: dict[str, tuple[str, ...]]  # category name -> phrases about its price
    amounts: dict[str, tuple[int, ...]]  # category name -> possible prices
    dialogues: dict[str, Any]
    questions: tuple[str, ...]
    requests: dict[str, Any]
    values: dict[str, Any]
    digests: dict[str, Any]
    decisions: dict[str, Any]
    situations: tuple[tuple[tuple[int, ...], ...], ...]  # for each category, the situations that it belongs to
    bought_once: frozenset[int]  # categories of which one product is enough


@functools.cache
def load_shop(lang: str) -> Shop:
    """Read and check the vocabulary of one language. Cached, because the files do not change during a process.

    Raises VocabularyError for invalid content.
    """
    base = _read(FOLDER / "shop.yaml", lang)
    paths = sorted((FOLDER / "categories").glob("*.yaml"))
    categories = tuple(_category(path, lang, base) for path in paths)
    departments = {
        key: Department(
            name=part["name"],
            brands=tuple(part["brands"]),
            categories=tuple(i for i, category in enumerate(categories) if category.department == key),
        )
        for key, part in base["departments"].items()
    }
    for key, department in departments.items():
        if len(department.categories) < 2:
            raise VocabularyError(f"department {key}: a department needs two categories or more")
    prices = _read(FOLDER / "prices.yaml", lang)
    queries = _read(FOLDER / "queries.yaml", lang)
    situations = _read(FOLDER / "situations.yaml", lang)
    numbers = {path.stem: number for number, path in enumerate(paths)}
    joins = Joins(**base["joins"])
    return Shop(
        lang=lang,
        seed=hash64("storefront", "shop", lang),
        categories=categories,
        departments=departments,
        brand_label=base["brand_label"],
        gap=base["gap"],
        promos=tuple(base["promos"]),
        reviews=_reviews(_read(FOLDER / "reviews.yaml", lang)),
        queries={intent: _templates(texts) for intent, texts in queries.items()},
        query_cuts={text: Cuts(text, joins) for texts in queries.values() for text in texts},
        price_label=prices["label"],
        prices={category.name: _prices(prices, path.stem) for category, path in zip(categories, paths, strict=True)},
        dialogues=_dialogues(_read(FOLDER / "dialogues.yaml", lang)),
        amounts={category.name: _amounts(prices, path.stem) for category, path in zip(categories, paths, strict=True)},
        questions=tuple(_read(FOLDER / "questions.yaml", lang)["shop_sentences"]),
        requests=_read(FOLDER / "requests.yaml", lang),
        values=_read(FOLDER / "values.yaml", lang),
        digests=_read(FOLDER / "digests.yaml", lang),
        decisions=_read(FOLDER / "decisions.yaml", lang),
        situations=_situations(situations, numbers),
        bought_once=frozenset(numbers[name] for name in situations["once"]),
    )


def _amounts(part: dict[str, Any], category: str) -> tuple[int, ...]:
    level = next((level for level in ("low", "high") if category in part[level]), "middle")
    return tuple(part["amounts"][level])


def _prices(part: dict[str, Any], category: str) -> tuple[str, ...]:
    return tuple(phrase.format(amount=amount) for phrase in part["phrases"] for amount in _amounts(part, category))


def _situations(part: dict[str, Any], numbers: dict[str, int]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """For each category, its situations: at least one, each with two other categories or more."""
    found: list[list[tuple[int, ...]]] = [[] for _ in numbers]
    if unknown := {*part["once"], *chain.from_iterable(part["situations"])} - set(numbers):
        raise VocabularyError(f"situations.yaml: unknown categories {sorted(unknown)}")
    for names in part["situations"]:
        if len(set(names)) < 3:
            raise VocabularyError(f"situations.yaml: three categories or more make a situation, not {names}")
        for name in names:
            found[numbers[name]].append(tuple(numbers[one] for one in names))
    if lacking := [name for name, number in numbers.items() if not found[number]]:
        raise VocabularyError(f"situations.yaml: in no situation: {', '.join(lacking)}")
    return tuple(map(tuple, found))


def _read(path: Path, lang: str) -> dict[str, Any]:
    """One language's part of a file. The C loader, if PyYAML has it, is about ten times faster."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    whole = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both loaders are safe ones
    if not isinstance(whole, dict) or not isinstance(whole.get(lang), dict):
        raise VocabularyError(f"{path.name}: no {lang!r} part")
    part: dict[str, Any] = whole[lang]
    if "department" in whole:
        part["department"] = whole["department"]
    return part


def _templates(texts: list[str]) -> tuple[Template, ...]:
    return tuple(Template(text) for text in texts)


def _titled(values: tuple[str, ...], lang: str) -> tuple[str, ...]:
    return tuple(map(title_case, values)) if lang == "en" else values


def _category(path: Path, lang: str, base: dict[str, Any]) -> Category:
    part = _read(path, lang)
    try:
        category = _build_category(path.stem, part, lang, base)
    except KeyError as error:
        raise VocabularyError(f"{path.name}, {lang}: the field {error} is missing") from error
    except VocabularyError as error:
        raise VocabularyError(f"{path.name}, {lang}: {error}") from error
    _check_category(category, f"{path.name}, {lang}", base)
    return category


def _build_category(key: str, part: dict[str, Any], lang: str, base: dict[str, Any]) -> Category:
    attributes = tuple(_attribute(name, body, lang) for name, body in part["attributes"].items())
    titles, intros = _templates(part["titles"]), _templates(part["intros"])
    joins = Joins(**base["joins"])
    types = tuple(part["types"])
    labels = {"brand": base["brand_label"], "type": base["type_label"], "model": part["model_label"]}
    labels |= {attribute.name: attribute.name for attribute in attributes}
    grammar = {"measure": part["measure"]} if lang == "zh" else (_PLURAL if part.get("plural") else _SINGULAR)
    return Category(
        key=key,
        name=part["category"],
        department=part["department"],
        types=types,
        types_titled=_titled(types, lang),
        grammar=grammar,
        models=tuple(map(_model_pattern, part["models"])),
        labels=labels,
        boosts=tuple(part["boosts"]),
        titles=titles,
        title_cuts=tuple(Cuts(title.source, joins) for title in titles),
        intros=intros,
        occasions=tuple(part["occasions"]),
        attributes=attributes,
        aspects=_aspects(part["aspects"]),
        exchanges=_exchanges(part["dialogues"]),
        people=tuple(part.get("people", ())),
        skip_intents=frozenset(part.get("skip_intents", ())),
        core=tuple(i for i, a in enumerate(attributes) if all(a.name in title.fields for title in titles)),
        counts=tuple(len(attribute.values) for attribute in attributes),
        title_fields=tuple(
            tuple((i, a.name) for i, a in enumerate(attributes) if a.name in title.fields) for title in titles
        ),
        spare=tuple(tuple(_unshown(attributes, title.fields | intro.fields) for intro in intros) for title in titles),
    )


def _model_pattern(text: str) -> ModelPattern:
    parts = re.findall(r"#+|@|[^#@]+", text)
    return tuple(len(part) if part[0] == "#" else 0 if part == "@" else part for part in parts)


def _unshown(attributes: tuple[Attribute, ...], shown: frozenset[str]) -> tuple[int, ...]:
    return tuple(index for index, attribute in enumerate(attributes) if attribute.name not in shown)


def _attribute(name: str, body: dict[str, Any], lang: str) -> Attribute:
    values = tuple(str(value) for value in body["values"])
    titled = _titled(values, lang)
    same_as = {str(value): str(other) for value, other in body.get("same_as", {}).items()}
    if missing := set(same_as) - set(values):
        raise VocabularyError(f"same_as of {name} has unknown values {sorted(missing)}")
    return Attribute(
        name=name,
        values=values,
        titled=titled,
        same_as={shown: same_as[value] for value, shown in zip(values, titled, strict=True) if value in same_as},
        role=body.get("role", ""),
        states=_templates(body["states"]),
        asks=tuple(body["asks"]),
        yes_no=Template(body["yes_no"]),
    )


def _aspects(part: dict[str, Any]) -> tuple[Aspect, ...]:
    return tuple(
        Aspect(name, tuple(map(_opinion, body["positive"])), tuple(map(_opinion, body["negative"])))
        for name, body in part.items()
    )


def _opinion(clause: str) -> Opinion:
    """Split `"the fabric is [soft]"` at the brackets that mark the opinion phrase."""
    found = re.fullmatch(r"([^\[\]]*)\[([^\[\]]+)\]([^\[\]]*)", clause)
    if found is None:
        raise VocabularyError(f"an opinion clause needs one [marked phrase]: {clause!r}")
    return found[1], found[2], found[3]


def _exchanges(part: dict[str, list[dict[str, str]]]) -> tuple[Exchange, ...]:
    return tuple(
        Exchange(intent, Template(body["ask"]), Template(body["reply"]))
        for intent, all_ in part.items()
        for body in all_
    )


def _reviews(part: dict[str, Any]) -> dict[str, Any]:
    ready = dict(part)
    ready["openers"] = _templates(part["openers"])
    ready["closers"] = {rating: _templates(texts) for rating, texts in part["closers"].items()}
    ready["aspects"] = _aspects(part["aspects"])
    return ready


def _dialogues(part: dict[str, Any]) -> dict[str, Any]:
    ready = dict(part)
    for key in ("before", "after"):
        ready[key] = {name: _templates(texts) for name, texts in part[key].items()}
    ready["welcomes"] = _templates(part["welcomes"])
    ready["follow_ups"] = _templates(part["follow_ups"])
    ready["small_talk"] = tuple((Template(pair["customer"]), Template(pair["agent"])) for pair in part["small_talk"])
    ready["exchanges"] = _exchanges(part["exchanges"])
    return ready


def _check_category(category: Category, where: str, base: dict[str, Any]) -> None:
    """Reject content that would violate an invariant of the tables, with a message for the author of the file."""
    names = {attribute.name for attribute in category.attributes}
    if category.department not in base["departments"]:
        raise VocabularyError(f"{where}: unknown department {category.department!r}")
    for title in category.titles:
        if not {"brand", "model", "type"} <= title.fields:
            raise VocabularyError(f"{where}: a title pattern lacks brand, model or type: {title.source!r}")
        if unknown := title.fields - names - {"brand", "model", "type", "boost", "promo"}:
            raise VocabularyError(f"{where}: a title pattern has unknown fields {sorted(unknown)}")
    if len(category.core) < 2:
        raise VocabularyError(f"{where}: at least two attributes must stand in every title pattern")
    for intro in category.intros:
        if any(not names - title.fields - intro.fields for title in category.titles):
            raise VocabularyError(f"{where}: titles and intros leave no attribute to ask about: {intro.source!r}")
    for attribute in category.attributes:
        if len(attribute.values) != len(set(attribute.values)) or len(attribute.values) < 3:
            raise VocabularyError(f"{where}: {attribute.name} needs three different values or more")
        if any("value" not in template.fields for template in (*attribute.states, attribute.yes_no)):
            raise VocabularyError(f"{where}: a wording of {attribute.name} lacks {{value}}")
    if any(not any(isinstance(part, int) and part for part in model) for model in category.models):
        raise VocabularyError(f"{where}: every model pattern needs a digit place (#)")
