"""What provisioning asks of the rest of the local cloud."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from localcloud.function_spec import FunctionSpec

ClientFactory = Callable[[str], Any]
"""Service name (`"s3"`) to a boto3 client with administrator's rights; typed by its service."""

CheckIssuer = Callable[[str], None]
"""Fetches `<issuer>/.well-known/openid-configuration`; raises when it does not answer."""

StackHook = Callable[[str], None]
"""Called with a stack's name when everything in it exists."""

AdoptKey = Callable[[str, str, str], str]
"""Stack, logical id and id of a KMS key that was just created, to the id it has from now on."""


class FunctionsPort(Protocol):
    """Runs functions as processes."""

    def create(self, spec: FunctionSpec) -> None:
        """A function that can be invoked from now on, by name, ARN or any qualifier."""
