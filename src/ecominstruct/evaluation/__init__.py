"""From the release to numbers: `predict` (stage 6), `metrics` and `score` (stage 7), `report` and `page` (stage 8)."""
