"""Licences: which identifiers a card may name, and what each allows, in one small table.

Identifiers are those of the SPDX list, as far as data sets are met under them. Two more are taken: `unknown`, where
nothing is stated, and `LicenseRef-NAME`, for terms that stand on no list ("for research only"). Neither allows
anything that the card does not say itself, and neither counts as commercial.
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from ecominstruct.config.recipe import Allowed

UNKNOWN = "unknown"
_OWN_TERMS = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


class Terms(NamedTuple):
    """What a licence allows: use for profit, also in changed form; and whether what is made must carry it on."""

    commercial: bool
    share_alike: bool = False


_PERMISSIVE, _SHARE_ALIKE, _RESTRICTED = Terms(True), Terms(True, share_alike=True), Terms(False)

LICENCES: dict[str, Terms] = {
    # Commercial use allowed; at most a notice or the authors' names must be kept.
    **dict.fromkeys(("CC0-1.0", "PDDL-1.0", "Unlicense", "0BSD", "MIT-0"), _PERMISSIVE),
    **dict.fromkeys(("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MulanPSL-2.0"), _PERMISSIVE),
    **dict.fromkeys(("CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "ODC-By-1.0"), _PERMISSIVE),
    **dict.fromkeys(("CDLA-Permissive-1.0", "CDLA-Permissive-2.0"), _PERMISSIVE),
    # Commercial use allowed; what is made of it may have to be under the same licence.
    **dict.fromkeys(("CC-BY-SA-2.0", "CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0"), _SHARE_ALIKE),
    **dict.fromkeys(("CDLA-Sharing-1.0", "ODbL-1.0", "MPL-2.0"), _SHARE_ALIKE),
    **dict.fromkeys(("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"), _SHARE_ALIKE),
    **dict.fromkeys(("LGPL-3.0-only", "LGPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later"), _SHARE_ALIKE),
    # No commercial use, or no changed form, which a training set is.
    **dict.fromkeys(("CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0"), _RESTRICTED),
    **dict.fromkeys(("CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"), _RESTRICTED),
    **dict.fromkeys(("CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0", "CC-BY-ND-3.0", "CC-BY-ND-4.0"), _RESTRICTED),
}


def check_licence(spdx: str) -> str:
    """The identifier, if a card may name it; ValueError with the nearest one otherwise."""
    if spdx in LICENCES or spdx == UNKNOWN or _OWN_TERMS.fullmatch(spdx):
        return spdx
    known = {name.casefold(): name for name in (*LICENCES, UNKNOWN)}
    close = difflib.get_close_matches(spdx.casefold(), known, n=1, cutoff=0.5)
    hint = f"Did you mean {known[close[0]]!r}? " if close else ""
    raise ValueError(
        f"{spdx!r} is no SPDX identifier that is known here. {hint}"
        f"Write {UNKNOWN!r} where none is stated, LicenseRef-NAME for terms of their own"
    )


def allows(spdx: str, redistribute: str, wanted: Allowed) -> bool:
    """Whether a card's licence allows what a recipe wants.

    redistributable: the card says that rows may be passed on. commercial: that, and the table above allows commercial
    use. A permissive licence whose card does not say so is not relied on: often it covers the code alone.
    """
    if wanted == "any":
        return True
    if redistribute != "yes":
        return False
    return wanted == "redistributable" or LICENCES.get(spdx, _RESTRICTED).commercial


def is_share_alike(spdx: str) -> bool:
    """Whether what is made of such data may have to carry the same licence."""
    return LICENCES.get(spdx, _RESTRICTED).share_alike
