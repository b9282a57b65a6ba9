"""The configuration that users write: recipes and their sections, with file and line in every error."""
