"""What the local cloud remembers between runs: items, objects, secrets, parameters and keys."""

from localcloud.state.files import StateFormatError
from localcloud.state.state import State

__all__ = ["State", "StateFormatError"]
