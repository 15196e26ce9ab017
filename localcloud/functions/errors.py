"""What the Lambda service refuses, with the code, status and wording that AWS answers.

A function that fails is not an error here: that is an `Invocation` with `function_error`.
"""

from __future__ import annotations


class LambdaError(Exception):
    """The service refused the call; nothing ran."""

    code = "ServiceException"
    status = 500

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class FunctionNotFoundError(LambdaError):
    """No such function, version or alias."""

    code = "ResourceNotFoundException"
    status = 404

    def __init__(self, arn: str) -> None:
        super().__init__(f"Function not found: {arn}")


class InvalidFunctionError(LambdaError):
    """The function cannot be created so."""

    code = "InvalidParameterValueException"
    status = 400


class InvalidPayloadError(LambdaError):
    """The request's payload is not JSON."""

    code = "InvalidRequestContentException"
    status = 400


class PayloadTooLargeError(LambdaError):
    """The event is larger than Lambda takes."""

    code = "RequestEntityTooLargeException"
    status = 413

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(
            f"Request must be smaller than {limit_bytes} bytes for the InvokeFunction operation"
        )


class ThrottledError(LambdaError):
    """More invocations at once than the function may have."""

    code = "TooManyRequestsException"
    status = 429

    def __init__(self, *, reason: str) -> None:
        super().__init__("Rate Exceeded.", reason=reason)


class InvocationAbandonedError(Exception):
    """The caller's own patience ended before the function did; the function goes on."""
