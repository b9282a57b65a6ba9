"""Examples by hand, as many as wanted: does a product sound good or bad, in both languages?"""

from __future__ import annotations

from ecominstruct.identity import hex128, pick
from ecominstruct.rows import Example, Gold, Lang

_SAID = {
    "en": {"good": ("works well", "is a joy to use", "arrived early"), "bad": ("broke at once", "smells", "is late")},
    "zh": {"好": ("很好用", "质量不错", "到得很快"), "坏": ("一用就坏", "味道很大", "迟迟不到")},
}
_THINGS = {"en": ("kettle", "lamp", "tent", "watch", "bag"), "zh": ("水壶", "台灯", "帐篷", "手表", "背包")}
_ASKED = {"en": "Is this good or bad?", "zh": "这句话是好评还是差评？"}


def example(lang: Lang, number: int, split: str = "train", text: str = "") -> Example:
    """One example; the same number gives the same one."""
    name = f"{lang}-{split}-{number}"
    label = pick(tuple(_SAID[lang]), name, "label")
    said = text or f"{pick(_THINGS[lang], name)} {number}: {pick(_SAID[lang][label], name)}"
    return Example(
        id=hex128(name), task=f"{lang}/hand/verdict", task_version=1, record=hex128(name, "record"), row=number,
        family=name, split=split, lang=lang, description="", instruction=_ASKED[lang], input=said,  # type: ignore[arg-type]
        choices=tuple(_SAID[lang]), constraint="", output=label, gold=Gold(labels=(label,)), wording=f"hand:1:{lang}:0",
        labelled_by="human", labeller="hand", derived_from=(), licence="CC-BY-4.0", synthetic=lang == "en",
    )  # fmt: skip


def examples(count: int, split: str = "train") -> list[Example]:
    """So many examples, half of them in either language."""
    return [example("zh" if number % 2 else "en", number, split) for number in range(count)]


def about() -> dict[str, object]:
    """What a card says of them."""
    tasks = {
        f"{lang}/hand/verdict": {
            "title": "Verdict | of `a` thing", "category": "classification", "level": "final", "lang": lang,
            "licence": licence, "source": f"{lang}/hand",
        }
        for lang, licence in (("en", "CC-BY-4.0"), ("zh", "CC-BY-SA-4.0"))
    }  # fmt: skip
    return {"title": "by hand", "release": "0" * 32, "tasks": tasks}
