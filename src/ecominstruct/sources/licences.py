"""Licences: the identifiers that a card may use, and what each permits.

Identifiers come from the SPDX list, restricted to licences that data sets use. Two others are accepted: `unknown` if
nothing is stated, and `LicenseRef-NAME` for custom terms ("for research only"). For both, only the card itself can
permit redistribution, and neither counts as commercial.
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from ecominstruct.config.recipe import Allowed

UNKNOWN = "unknown"
_OWN_TERMS = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


class Terms(NamedTuple):
    """What a licence permits: commercial use, also of modified versions; whether derived works must carry it."""

    commercial: bool
    share_alike: bool = False


_PERMISSIVE, _SHARE_ALIKE, _RESTRICTED = Terms(True), Terms(True, share_alike=True), Terms(False)

LICENCES: dict[str, Terms] = {
    # Commercial use permitted; at most a notice or attribution is required.
    **dict.fromkeys(("CC0-1.0", "PDDL-1.0", "Unlicense", "0BSD", "MIT-0"), _PERMISSIVE),
    **dict.fromkeys(("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MulanPSL-2.0"), _PERMISSIVE),
    **dict.fromkeys(("CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "ODC-By-1.0"), _PERMISSIVE),
    **dict.fromkeys(("CDLA-Permissive-1.0", "CDLA-Permissive-2.0"), _PERMISSIVE),
    # Commercial use permitted; derived works may have to carry the same licence.
    **dict.fromkeys(("CC-BY-SA-2.0", "CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0"), _SHARE_ALIKE),
    **dict.fromkeys(("CDLA-Sharing-1.0", "ODbL-1.0", "MPL-2.0"), _SHARE_ALIKE),
    **dict.fromkeys(("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"), _SHARE_ALIKE),
    **dict.fromkeys(("LGPL-3.0-only", "LGPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later"), _SHARE_ALIKE),
    # No commercial use, or no derived works (a training set is one).
    **dict.fromkeys(("CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0"), _RESTRICTED),
    **dict.fromkeys(("CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"), _RESTRICTED),
    **dict.fromkeys(("CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0", "CC-BY-ND-3.0", "CC-BY-ND-4.0"), _RESTRICTED),
}


def check_licence(spdx: str) -> str:
    """Return the identifier if a card may use it. Raises ValueError with the closest known one otherwise."""
    if spdx in LICENCES or spdx == UNKNOWN or _OWN_TERMS.fullmatch(spdx):
        return spdx
    known = {name.casefold(): name for name in (*LICENCES, UNKNOWN)}
    close = difflib.get_close_matches(spdx.casefold(), known, n=1, cutoff=0.5)
    hint = f"Did you mean {known[close[0]]!r}? " if close else ""
    raise ValueError(
        f"{spdx!r} is not a known SPDX identifier. {hint}"
        f"Write {UNKNOWN!r} if none is stated, LicenseRef-NAME for custom terms"
    )


def allows(spdx: str, redistribute: str, wanted: Allowed) -> bool:
    """Whether a card's licence permits what a recipe wants.

    `redistributable` requires that the card says rows may be passed on. `commercial` requires that too, and a licence
    that permits commercial use. A permissive licence alone is not enough: it often covers only the code of a
    repository.
    """
    if wanted == "any":
        return True
    if redistribute != "yes":
        return False
    return wanted == "redistributable" or LICENCES.get(spdx, _RESTRICTED).commercial


def is_share_alike(spdx: str) -> bool:
    """Whether derived data may have to carry the same licence."""
    return LICENCES.get(spdx, _RESTRICTED).share_alike
