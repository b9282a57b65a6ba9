"""Rules of derived (atomic, Chain-of-Task) tasks: they make new fields from the fields of a record.

The published families are *simplification* (one step of a harder task), *reversal* (of question and answer; usually a
template suffices and no rule is needed) and *recombination* (of parts of several records). A rule gets one record and
the pool of possible partners. It returns new fields, or the reason why there are none. Every random choice is derived
by hash from the task and the record.

Modules: `base` (types and the pool of partners), then the rules by what they work on: `spans`, `pairs`, `texts` and
`groups` of records. To add a rule, write a function there and list it in the module's `RULES`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ecominstruct.tasks.rules import groups, pairs, spans, texts
from ecominstruct.tasks.rules.base import Call, Derived, Pool, Record, Rule, gives, hosts

RULES: Mapping[str, Rule] = {**spans.RULES, **pairs.RULES, **groups.RULES, **texts.RULES}

__all__ = ["RULES", "Call", "Derived", "Pool", "Record", "Rule", "gives", "hosts"]
