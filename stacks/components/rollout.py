"""How a new version of a function gets its traffic, and what takes the traffic back.

CodeDeploy moves the alias in steps while the function's own alarms, and the API's, watch it. An
alarm during the move puts the alias back and fails the deployment of the stack.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.acknowledgements import acknowledge
from stacks.environment import Environment, Rollout

_STEPS: Mapping[Rollout, codedeploy.ILambdaDeploymentConfig] = {
    "canary-10-percent-5-minutes": (codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES),
    "canary-10-percent-30-minutes": (
        codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_30_MINUTES
    ),
    "linear-10-percent-every-minute": (
        codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_1_MINUTE
    ),
}

_APPLICATION = "Rollouts"
_ROLE = "RolloutRole"


def shift_in_steps(
    scope: Construct,
    construct_id: str,
    *,
    env: Environment,
    alias: lambda_.Alias,
    alarms: list[cloudwatch.IAlarm],
) -> codedeploy.LambdaDeploymentGroup | None:
    """Move the alias as the environment states; None where it moves all at once."""
    if env.rollout is None:
        return None
    stack = Stack.of(scope)
    return codedeploy.LambdaDeploymentGroup(
        scope,
        construct_id,
        application=_application(stack),
        role=_role(stack),
        alias=alias,
        deployment_config=_STEPS[env.rollout],
        alarms=alarms,
        auto_rollback=codedeploy.AutoRollbackConfig(
            deployment_in_alarm=True, failed_deployment=True, stopped_deployment=True
        ),
    )


def _application(stack: Stack) -> codedeploy.LambdaApplication:
    existing = stack.node.try_find_child(_APPLICATION)
    if isinstance(existing, codedeploy.LambdaApplication):
        return existing
    return codedeploy.LambdaApplication(stack, _APPLICATION, application_name=stack.stack_name)


def _role(stack: Stack) -> iam.Role:
    """One role for a stack's deployments: CDK would make one for each function."""
    existing = stack.node.try_find_child(_ROLE)
    if isinstance(existing, iam.Role):
        return existing
    role = iam.Role(stack, _ROLE, assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
    acknowledge(
        role,
        "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
        "AWSCodeDeployRoleForLambdaLimited]",
        "CodeDeploy's own limited policy for moving aliases; AWS keeps it in step.",
    )
    return role
