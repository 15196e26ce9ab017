"""One module per function: each puts its own adapters together."""
