"""One file per stack: they wire constructs and state decisions."""
