"""Which CDN a film comes from: the order that players are told, and why."""
