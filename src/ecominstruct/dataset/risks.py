"""The table of risks in a recipe's `policy`, by key. Add a row to support another."""

from __future__ import annotations

from collections.abc import Mapping

from ecominstruct.dataset.injection import INJECTION
from ecominstruct.dataset.personal import PERSONAL
from ecominstruct.dataset.policy import Risk

RISKS: Mapping[str, Risk] = {risk.reason: risk for risk in (PERSONAL, INJECTION)}
