"""Examples to the release: `release` (stage 4, with the proof of its splits) and `card` (its README)."""
