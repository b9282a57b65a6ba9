"""Tasks: records to examples (stage 3, `3-examples/`).

Read in this order:

  spec annotate_spec answer_schema    what people write about a task, strictly typed
  catalogue annotate_faults graph     all tasks, sources, labels and wordings, loaded and checked against each other
  templates wording prompts           texts with placeholders, instructions, and the rendered prompt
  forms/                              the seven ways to ask: how an answer is rendered and parsed
  inputs label_resolution labelling   the input, candidates and gold of one record
  annotations answer_checks           answers of models and people as gold
  rules/                              derived tasks: rules that make new examples from records
  example_builder examples            records to examples, and the stage itself
  preview                             how a task looks to a person
  quality                             label balance and trivial baselines of a task
"""
