"""What a text holds that it should not: personal information, instructions to a model, words about groups of people."""
