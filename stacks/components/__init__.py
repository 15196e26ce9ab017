"""Constructs of our own: what more than one stack decides the same way."""

from stacks.components.function import MarqueeFunction
from stacks.components.http_api import HttpApiRef, Route, add_routes
from stacks.components.stack import MarqueeStack
from stacks.components.subscription import subscribe
from stacks.components.table import MarqueeTable, Outbox

__all__ = [
    "HttpApiRef",
    "MarqueeFunction",
    "MarqueeStack",
    "MarqueeTable",
    "Outbox",
    "Route",
    "add_routes",
    "subscribe",
]
