"""Which texts are the same, nearly the same, or say what another one says: pure functions over columns of texts."""
