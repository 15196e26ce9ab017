from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.functions import Functions
from localcloud.functions.events import AsyncInvoker, _Policy
from localcloud.registry import Registry, Resource
from localcloud.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from tests.unit.localcloud.functions.conftest import Lambda

WITHIN = timedelta(seconds=30)
ECHO = "def handler(event, context):\n    print('heard')\n    return event\n"
COUNT = """
    import pathlib
    def handler(event, context):
        path = pathlib.Path(event["file"])
        runs = int(path.read_text()) + 1 if path.exists() else 1
        path.write_text(str(runs))
        if runs <= event["failures"]:
            raise ValueError(context.aws_request_id)
        return runs
"""


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    delays = (timedelta(milliseconds=10), timedelta(milliseconds=20))
    monkeypatch.setattr("localcloud.functions.events.RETRY_DELAYS", delays)


def client(functions: Functions) -> Any:
    """A real boto3 client whose requests are answered by the functions."""
    made: Any = boto3.client(
        "lambda",
        region_name="eu-west-1",
        endpoint_url="http://lambda.test",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"max_attempts": 0}),
    )

    def answer(request: Any, **_: object) -> Any:
        url, method = request.url, request.method
        body = request.body or b""
        headers = tuple(
            (name.lower(), value.decode() if isinstance(value, bytes) else str(value))
            for name, value in request.headers.items()
        )
        path, _, query = url.removeprefix("http://lambda.test").partition("?")
        response = functions.handle(HttpRequest(method, path, query, headers, body))
        assert isinstance(response, HttpResponse)
        headers_back: Any = dict(response.headers)
        return AWSResponse(url, response.status, headers_back, Raw(response.body))

    made.meta.events.register("before-send.lambda.*", answer)
    return made


class Raw:
    """A body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return [self.body]

    def read(self, *_: object) -> bytes:
        body, self.body = self.body, b""
        return body


def test_an_event_is_accepted_at_once_and_run(aws: Lambda, tmp_path: Path) -> None:
    aws.create(COUNT)
    event = json.dumps({"file": str(tmp_path / "runs"), "failures": 0}).encode()

    aws.functions.invoke_async("hello:live", event)

    assert aws.functions.wait_idle(WITHIN)
    assert (tmp_path / "runs").read_text() == "1"
    assert [outcome.condition for outcome in aws.outcomes] == ["Success"]


def test_a_failed_event_is_run_twice_more_under_the_same_request_id(
    aws: Lambda, tmp_path: Path
) -> None:
    aws.create(COUNT)
    event = json.dumps({"file": str(tmp_path / "runs"), "failures": 9}).encode()

    request_id = aws.functions.invoke_async("hello:live", event)

    assert aws.functions.wait_idle(WITHIN)
    (outcome,) = aws.outcomes
    assert (outcome.condition, outcome.attempts) == ("RetriesExhausted", 3)
    assert outcome.invocation is not None
    assert json.loads(outcome.invocation.payload)["errorMessage"] == request_id
    assert outcome.function_arn.endswith(":function:hello:live")


def test_an_event_that_succeeds_at_last_is_a_success(aws: Lambda, tmp_path: Path) -> None:
    aws.create(COUNT)
    event = json.dumps({"file": str(tmp_path / "runs"), "failures": 2}).encode()

    aws.functions.invoke_async("hello", event)

    assert aws.functions.wait_idle(WITHIN)
    assert [(outcome.condition, outcome.attempts) for outcome in aws.outcomes] == [("Success", 3)]


def test_a_throttled_event_ends_when_it_is_too_old(
    aws: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_lived = _Policy(max_age=timedelta(seconds=0.3))
    monkeypatch.setattr(AsyncInvoker, "_policy", lambda *_: short_lived)
    aws.create(ECHO, reserved_concurrency=0)

    aws.functions.invoke_async("hello", b"{}")

    assert aws.functions.wait_idle(WITHIN)
    assert [(o.condition, o.attempts) for o in aws.outcomes] == [("EventAgeExceeded", 0)]


def test_aliases_and_retries_are_those_of_the_template(aws: Lambda, tmp_path: Path) -> None:
    registry = Registry()
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:hello"
    alias = {"FunctionName": "hello", "Name": "live", "FunctionVersion": "7"}
    registry.add(Resource("s", "Alias", "AWS::Lambda::Alias", f"{arn}:live", properties=alias))
    config = {"FunctionName": arn, "Qualifier": "live", "MaximumRetryAttempts": 0}
    registry.add(Resource("s", "Config", "AWS::Lambda::EventInvokeConfig", "c", properties=config))
    functions = Functions(
        tmp_path / "other",
        "http://127.0.0.1:1",
        "eu-west-1",
        "123456789012",
        aws.identities.credentials_for,
        registry=registry,
        on_async_outcome=aws.outcomes.append,
    )
    aws.create("def handler(event, context):\n    raise ValueError(context.function_version)\n")
    functions.create(aws.functions.spec("hello"))

    try:
        failed = functions.invoke("hello:live", b"{}")
        functions.invoke_async("hello:live", b"{}")
        assert functions.wait_idle(WITHIN)

        assert json.loads(failed.payload)["errorMessage"] == "7"
        assert failed.executed_version == "7"
        assert [outcome.attempts for outcome in aws.outcomes] == [1]
        with pytest.raises(Exception, match=f"Function not found: {arn}:beta"):
            functions.invoke("hello:beta", b"{}")
    finally:
        functions.stop()


def test_boto3_reads_the_answer(aws: Lambda) -> None:
    aws.create(ECHO)

    answer = client(aws.functions).invoke(
        FunctionName="hello", Qualifier="live", Payload=b'{"a": 1}', LogType="Tail"
    )

    assert answer["Payload"].read() == b'{"a": 1}'
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "1")
    assert "FunctionError" not in answer
    assert "heard" in base64.b64decode(answer["LogResult"]).decode()


def test_boto3_reads_a_functions_error(aws: Lambda) -> None:
    aws.create("def handler(event, context):\n    raise ValueError('no')\n")
    arn = aws.functions.spec("hello").arn

    answer = client(aws.functions).invoke(FunctionName=arn)

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read())["errorMessage"] == "no"


def test_boto3_sends_events_and_dry_runs(aws: Lambda) -> None:
    aws.create(ECHO)
    lambda_client = client(aws.functions)

    accepted = lambda_client.invoke(FunctionName="hello", InvocationType="Event", Payload=b"{}")
    dry = lambda_client.invoke(FunctionName="hello", InvocationType="DryRun")

    assert (accepted["StatusCode"], dry["StatusCode"]) == (202, 204)
    assert aws.functions.wait_idle(WITHIN)
    assert [outcome.condition for outcome in aws.outcomes] == ["Success"]


@pytest.mark.parametrize(
    ("name", "payload", "code", "status"),
    [
        ("nobody", b"{}", "ResourceNotFoundException", 404),
        ("hello", b"{not json", "InvalidRequestContentException", 400),
        ("hello", b'"' + b"x" * 6291456 + b'"', "RequestEntityTooLargeException", 413),
        ("idle", b"{}", "TooManyRequestsException", 429),
    ],
)
def test_boto3_reads_refusals(
    aws: Lambda, name: str, payload: bytes, code: str, status: int
) -> None:
    aws.create(ECHO)
    aws.create(ECHO, name="idle", reserved_concurrency=0)

    with pytest.raises(ClientError) as refused:
        client(aws.functions).invoke(FunctionName=name, Payload=payload)

    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_other_calls_of_the_api_are_left_to_others(aws: Lambda) -> None:
    assert aws.functions.handle(HttpRequest("GET", "/2015-03-31/functions/hello")) is None
