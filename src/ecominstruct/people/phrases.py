"""Sentences of the judge report in English and Chinese. English is the key in the code; report_zh.yaml maps it to
Chinese.

Placeholders are `{name}`. Inserted values are data and are not parsed as templates again.
"""

from __future__ import annotations

import re
from functools import cached_property
from importlib.resources import files

from ecominstruct.rows import Lang

_PLACE = re.compile(r"\{([a-z_0-9]+)\}")


class Tongue:
    """One language: calling it with an English sentence returns the translation."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    @cached_property
    def known(self) -> dict[str, str]:
        """The translations by English sentence; empty for English."""
        if self.lang == "en":
            return {}
        import yaml

        text = files("ecominstruct.people").joinpath("report_zh.yaml").read_text(encoding="utf-8")
        found: dict[str, str] = yaml.safe_load(text)
        return found

    def __call__(self, sentence: str, /, **parts: object) -> str:
        """The translated sentence with its placeholders filled; in English if there is no translation."""
        return _PLACE.sub(lambda place: str(parts[place[1]]), self.known.get(sentence, sentence))

    def reason(self, text: str) -> str:
        """Translate a reason from the statistics modules: an English sentence whose placeholders are already filled."""
        for sentence, pattern in self._patterns:
            if match := pattern.fullmatch(text):
                return self(sentence, **match.groupdict())
        return text

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(sentence, _pattern(sentence)) for sentence in self.known]

    def of_hundred(self, p: float) -> str:
        """A p value as a number of cases in a hundred."""
        return self("fewer than 0.1") if p < 0.001 else f"{100 * p:.1f}" if p < 0.1 else f"{100 * p:.0f}"

    def join(self, parts: list[str]) -> str:
        """Concatenate sentences."""
        return ("" if self.lang == "zh" else " ").join(parts)


def _pattern(sentence: str) -> re.Pattern[str]:
    """A pattern for an English sentence with its placeholders filled; a repeated placeholder must match again."""
    words, met = [], set()
    for place, part in enumerate(_PLACE.split(sentence)):
        words.append(re.escape(part) if not place % 2 else f"(?P={part})" if part in met else f"(?P<{part}>.*)")
        met |= {part} if place % 2 else set()
    return re.compile("".join(words), re.DOTALL)


def percent(share: float | None, lang: Lang = "en") -> str:
    """A share as a whole percentage."""
    if share is None:
        return "–"
    return f"{100 * share:.0f}%" if lang == "zh" else f"{100 * share:.0f} %"
