"""Studies: one model is tuned for each choice of training rows, and all of them answer the same held-out rows."""
