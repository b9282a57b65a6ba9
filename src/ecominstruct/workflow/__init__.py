"""From a recipe to a finished run: which stages are stale, in which order they run, and what ties them together."""
