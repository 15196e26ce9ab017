"""One module per function: each puts its own parts together."""
