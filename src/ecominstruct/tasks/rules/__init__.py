"""Rules that derive atomic (Chain-of-Task) tasks: from the fields of a record to further fields.

The published families are *simplification* (of a hard task to a step of it), *reversal* (of answer and question;
mostly it needs no rule, only another template) and *recombination* (of parts of records to new pairs). A rule sees
one record, and the pool of records that its partners may come from; it gives new fields, or the reason why there are
none. Every choice is made by hash from the task and the record.
"""

from __future__ import annotations

from collections.abc import Mapping

from ecominstruct.tasks.rules import groups, pairs, spans, texts
from ecominstruct.tasks.rules.base import Call, Derived, Pool, Record, Rule, gives, hosts

RULES: Mapping[str, Rule] = {**spans.RULES, **pairs.RULES, **groups.RULES, **texts.RULES}

__all__ = ["RULES", "Call", "Derived", "Pool", "Record", "Rule", "gives", "hosts"]
