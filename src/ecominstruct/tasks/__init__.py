"""Records to examples: `spec` (what people write about a task), `catalogue` (all of it, loaded and checked),
`templates`, `forms` (the seven ways to ask), `rules` (derived tasks), `examples` (stage 3), `prompts` and `preview`
(what a person sees)."""
