"""Presidio behind the interface of `find.py`, for comparison. Needs the extra `presidio`.

Uses only its generic pattern recognisers, without a language model, for both languages: e-mail, phone (with mainland
China among the regions), card, IP and MAC. Presidio has none for Chinese documents. Those for American ones depend on
context words, which need a language model. Nothing is downloaded: top-level domains come from the list that
`tldextract` includes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.personal.kinds import Kind
from ecominstruct.errors import input_error
from ecominstruct.identity import fingerprint
from ecominstruct.rows import Severity

if TYPE_CHECKING:
    import pyarrow as pa

RULE = "presidio"
SURE = 0.4  # minimum score: lower ones, by Presidio's own scale, need context words
REGIONS = ("CN", "US", "GB", "DE", "FR", "JP", "HK", "AU", "RU", "ES")
KINDS: Mapping[str, tuple[Kind, Severity]] = {
    "EMAIL_ADDRESS": ("email", "medium"),
    "PHONE_NUMBER": ("phone", "medium"),
    "CREDIT_CARD": ("bank_card", "high"),
    "IP_ADDRESS": ("ip_address", "low"),
    "MAC_ADDRESS": ("mac_address", "low"),
}
"""Presidio's kinds, with kind and severity here."""


def version() -> str:
    """Return a fingerprint of Presidio's version and configuration. Raises InputError without the extra."""
    _engine()
    from importlib.metadata import version as release_of

    return fingerprint([release_of("presidio-analyzer"), SURE, REGIONS, sorted(KINDS)])


def find(text: str) -> list[Mention]:
    """Return all mentions in a text, in order. Of overlapping ones the best score is kept, then the longest."""
    found = _engine().analyze(text, language="en", score_threshold=SURE)
    kept: list[Any] = []
    for one in sorted(found, key=lambda each: (-each.score, each.start - each.end, each.entity_type)):
        if one.entity_type in KINDS and all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted((_mention(one) for one in kept), key=lambda one: one.start)


def find_in_column(column: pa.Array[Any]) -> list[tuple[int, list[Mention]]]:
    """Return the rows of a column of strings that contain mentions, with these. Nulls have none."""
    texts: list[Any] = column.to_pylist()
    found = ((row, find(text)) for row, text in enumerate(texts) if text)
    return [(row, mentions) for row, mentions in found if mentions]


def _mention(one: Any) -> Mention:
    kind, severity = KINDS[one.entity_type]
    return Mention(kind, RULE, severity, one.start, one.end)


@cache
def _engine() -> Any:
    """Set up the analyzer, once. Raises InputError, which names the extra, if it is not installed."""
    try:
        import presidio_analyzer as presidio
        import tldextract
        from presidio_analyzer import predefined_recognizers as known
        from presidio_analyzer.nlp_engine import NoOpNlpEngine
    except ImportError:
        raise input_error("Presidio is not installed", "pip install 'ecominstruct[presidio]'") from None
    domains = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())

    class OfflineEmail(known.EmailRecognizer):
        """The e-mail recogniser; the original would download a list of domains."""

        def validate_result(self, pattern_text: str) -> bool:
            return bool(domains(pattern_text).fqdn)

    recognizers = [
        OfflineEmail(),
        known.PhoneRecognizer(supported_regions=REGIONS),
        known.CreditCardRecognizer(),
        known.IpRecognizer(),
        known.MacAddressRecognizer(),
    ]
    engine = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    engine.load()
    registry = presidio.RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    return presidio.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
