"""What every HTTP API's stage has beside its routes: limits, an access log, an alarm."""

from __future__ import annotations

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components.acknowledgements import acknowledge
from stacks.components.alarms import PERIOD, add_alarm
from stacks.environment import Environment

LOGGED = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "function_error": "$context.integrationErrorMessage",
    "refused_by": "$context.authorizer.error",
}
"""No address, no token, no account: the functions' own lines say who, and are kept apart."""

FAILURES_A_MINUTE = 5


def look_after(
    scope: Construct, *, api: apigw.HttpApi, env: Environment, unlogged: str | None = None
) -> cloudwatch.Alarm | None:
    """Limit, log and watch an API; the alarm of its 5xx answers where there are alarms.

    `unlogged` is why it logs no requests, where it does not.
    """
    assert api.default_stage is not None
    stage = api.default_stage.node.default_child
    assert isinstance(stage, apigw.CfnStage)
    if env.throttle is not None:
        stage.default_route_settings = apigw.CfnStage.RouteSettingsProperty(
            throttling_rate_limit=env.throttle.requests_per_second,
            throttling_burst_limit=env.throttle.burst,
        )
    if unlogged is not None:
        acknowledge(stage, "AwsSolutions-APIG1", unlogged)
    elif env.access_logs:
        log = logs.LogGroup(
            scope, "AccessLog", retention=env.log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        stage.access_log_settings = apigw.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(LOGGED, separators=(",", ":"))
        )
    return add_alarm(
        scope,
        "ServerErrors",
        env=env,
        metric=api.metric_server_error(period=PERIOD, statistic="Sum"),
        threshold=FAILURES_A_MINUTE,
        periods=2,
        of=3,
        says=f"{api.node.path} answers 5xx. Its access log names the routes; the functions' "
        "alarms and logs say why.",
    )
