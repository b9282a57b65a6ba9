"""The risks that a recipe's `policy` knows, by their keys there. A further one is a row of the table."""

from __future__ import annotations

from collections.abc import Mapping

from ecominstruct.dataset.injection import INJECTION
from ecominstruct.dataset.personal import PERSONAL
from ecominstruct.dataset.policy import Risk

RISKS: Mapping[str, Risk] = {risk.reason: risk for risk in (PERSONAL, INJECTION)}
