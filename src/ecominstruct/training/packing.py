"""Packing check: whether a model isolates rows that are packed into one sequence."""

from __future__ import annotations

from typing import Any

from ecominstruct.errors import input_error

_TOO_FAR = 1e-3  # between float32 logits; without isolation the difference is much larger


def require_apart(model: Any) -> None:
    """Raise InputError if the second row of a packed sequence depends on the first: packing would change results.

    This is measured on the model itself. Attention without position ids (BLOOM, on any device) sees all rows.
    """
    import torch

    ids = [torch.tensor([row]) for row in ([3, 5, 7, 9], [11, 4, 8])]
    places = torch.cat([torch.arange(row.shape[1]) for row in ids])[None]
    model.eval()  # the trainer sets it back
    with torch.no_grad():
        alone = model(input_ids=ids[1]).logits[0]
        together = model(input_ids=torch.cat(ids, 1), position_ids=places, use_cache=False).logits[0, -3:]
    if not torch.allclose(alone, together, atol=_TOO_FAR):
        raise input_error("train: packing: this model lets packed rows see each other", "Write packing: false")
