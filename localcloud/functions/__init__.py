"""Lambda on this machine: each function as real processes under AWS's own runtime client."""

from localcloud.functions.errors import (
    FunctionNotFoundError,
    InvalidFunctionError,
    InvocationAbandonedError,
    LambdaError,
    PayloadTooLargeError,
    ThrottledError,
)
from localcloud.functions.invocation import AsyncOutcome, Invocation
from localcloud.functions.service import Functions, RoleCredentials

__all__ = [
    "AsyncOutcome",
    "FunctionNotFoundError",
    "Functions",
    "InvalidFunctionError",
    "Invocation",
    "InvocationAbandonedError",
    "LambdaError",
    "PayloadTooLargeError",
    "RoleCredentials",
    "ThrottledError",
]
