"""What people write: recipes and their sections, read strictly, with the file and the line in every error."""
