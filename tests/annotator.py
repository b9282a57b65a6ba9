"""A model that annotates by simple rules, behind the stub server: sensible answers, and sometimes wrong ones.

    with running(Stub(choose=annotating())) as stub: …
    python tests/annotator.py --port 8000 --wrong 0.2        in a process of its own, until Ctrl-C

What it is asked it sees as a model does: in the text of the prompt. Which of its answers are wrong depends on the text
and the seed, so the same questions get the same answers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress

from servers import Asked, Stub, Way, good

_DATA = re.compile(r"<([a-z_]+)-([0-9a-f]{6})>\n(.*?)\n</\1-\2>", re.DOTALL)
Chance = Callable[[str], float]


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def shown(prompt: str) -> dict[str, str]:
    """What stands between the marks, by name; a repair also shows the last answer."""
    return {name: text for name, _, text in _DATA.findall(prompt)}


def segments(query: str) -> list[str]:
    """Words; numbers stay with the unit behind them; Chinese is cut where the kind of character changes."""
    parts = re.findall(r"\d+\s(?:kg|rpm|cm|g|oz|inch)\b|[^\s\u4e00-\u9fff]+|[\u4e00-\u9fff]{1,4}", query)
    return parts or [query]


def answer(prompt: str, again: bool) -> dict[str, object]:
    """A sensible answer to one of the project's prompts, told apart by the member that it asks for."""
    data, zh = shown(prompt), is_chinese(prompt)
    schema = json.loads(re.findall(r"\n(\{\"type\": \"object\".*\})", prompt)[0])
    (member,) = schema["properties"]
    text = next(iter(data.values()))
    most = schema["properties"][member].get("maxLength", 200)
    if member == "segments":
        return {member: segments(text)}
    if member == "rewritten":
        polite = re.sub(r"^(?:buy|cheap) ", "", text)
        return {member: (f"{text}推荐" if zh else f"{polite} online")[:most]}
    if member == "question":
        asked = f"请问有没有{text}？" if zh else f"Do you have {text}?"
        return {member: asked}
    if member == "summary":
        first = re.split(r"(?<=[。！？.!?])\s*", text)[0]
        cut = first[: max(6, len(text) // 2)].rstrip("。.!！")
        return {member: cut + ("，还行。" if zh and len(cut) + 4 < len(text) * 0.8 else "")}
    if member == "points":
        parts = [part.strip() for part in re.split(r"[。，,.;；]", text) if len(part.strip()) > 3]
        return {member: [part[:60] for part in dict.fromkeys(parts)][:3] or [text[:60]]}
    if member == "intent":
        return {member: intent(text, zh)}
    if member == "suits":
        found = re.search(r"for ([a-z]+ [a-z]+)|([\u4e00-\u9fff0-9]{2,6}(?:儿童|上))", data["text"])
        return {member: found[1] or found[2] if found else ""}
    if member == "short":
        return {member: text[: max(2, min(most, len(text) * 2 // 3))] if zh else " ".join(text.split()[:4])[:most]}
    return {
        member: f"这里出售各种{text}，供日常使用。" if zh else f"Here a shop sells {text.lower()} for everyday use."
    }


INTENTS: Mapping[str, tuple[str, str]] = {
    "size|fit|big|long|tall|capacity|大|尺|寸|多高|码": ("size and fit", "尺寸规格"),
    "colour|color|look|色|样子": ("appearance and colour", "外观颜色"),
    "made of|material|contain|lining|upper|材|成分|料": ("material and ingredients", "材质成分"),
    "wash|clean|care|清|洗": ("use and care", "使用保养"),
    "work with|compatible|connect|适配|兼容|连": ("compatibility", "适配兼容"),
    "price|cost|offer|价|优惠": ("price and offers", "价格优惠"),
    "deliver|ship|return|发货|快递|退": ("delivery and returns", "物流售后"),
    "shelf|expire|age|year|保质|岁": ("age and shelf life", "年龄保质期"),
}


def intent(text: str, zh: bool) -> str:
    for words, (en, other) in INTENTS.items():
        if re.search(words, text, re.IGNORECASE):
            return other if zh else en
    return "功能性能" if zh else "function and performance"


def spoilt(answered: dict[str, object], how: int, zh: bool) -> str:
    """A wrong answer, of one of several kinds."""
    (member, value), *_ = answered.items()
    wrong: tuple[str, ...] = (
        "抱歉，我不太明白。" if zh else "Sure! Here is what I think about it.",
        json.dumps({member: value, "confidence": 0.9}, ensure_ascii=False),
        json.dumps({member: ["", ""] if isinstance(value, list) else ""}, ensure_ascii=False),
        json.dumps({member: value[::-1] if isinstance(value, list) else f"*{value}*\n999"}, ensure_ascii=False),
        json.dumps({member: 7}),
    )
    return wrong[how % len(wrong)]


def annotating(wrong: float = 0.15, different: float = 0.1) -> Callable[[Asked], Way]:
    """Answers by the rules above: this share is wrong (half as many after a repair), that share merely different."""

    def choose(asked: Asked) -> Way:
        prompt, seed = asked.prompt, asked.body.get("seed")
        digest = hashlib.sha256(f"{seed} {prompt}".encode()).digest()
        chance = int.from_bytes(digest[:4], "big") / 2**32
        again = "answered this before" in prompt or "已经回答过一次" in prompt
        answered = answer(prompt, again)
        if chance < (wrong / 2 if again else wrong):
            return good(spoilt(answered, digest[4], is_chinese(prompt)))
        if chance > 1 - different:
            answered = varied(answered)
        text = json.dumps(answered, ensure_ascii=False)
        return good(f"```json\n{text}\n```" if digest[5] % 4 == 0 else text)

    return choose


def varied(answered: dict[str, object]) -> dict[str, object]:
    """Another answer that breaks no rule."""
    ((member, value),) = answered.items()
    if isinstance(value, list):
        return {member: value[:1] if member == "points" else [value[0], *value[1:]]}
    text = str(value)
    return {
        member: text.replace("请问", "想问一下，")
        .replace("Do you have", "Where can I find")
        .replace("online", "for sale")
    }


def main() -> None:
    """Serve until Ctrl-C; the first line of the output is the address."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--wrong", type=float, default=0.15, help="share of answers that cannot be used")
    words = parser.parse_args()
    with Stub(delay=words.delay, choose=annotating(words.wrong), port=words.port) as stub:
        os.write(1, f"{stub.url}\n".encode())
        with suppress(KeyboardInterrupt):
            stub.serve_forever()


if __name__ == "__main__":
    main()
