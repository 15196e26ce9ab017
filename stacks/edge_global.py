"""What CloudFront only takes from us-east-1: the certificate of `watch.<domain>` and the firewall.

No stack refers to this one: references across regions need hidden functions. `make bootstrap`
deploys it first and writes its ARNs into the environment's settings (docs/adr/0101).
"""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from stacks.components import MarqueeStack
from stacks.environment import Domain, Environment, Firewall

REGION = "us-east-1"

RATE_WINDOW_SECONDS = 300


class EdgeGlobalStack(MarqueeStack):
    """The certificate, and the firewall where the environment states one."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, domain: Domain
    ) -> None:
        super().__init__(scope, construct_id, env=env, region=REGION)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.name
        )
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=f"watch.{domain.name}",
            validation=acm.CertificateValidation.from_dns(zone),
        )
        CfnOutput(self, "CertificateArn", value=certificate.certificate_arn)
        if env.firewall is not None:
            web_acl = self._web_acl(env, env.firewall)
            CfnOutput(self, "FirewallArn", value=web_acl.attr_arn)

    def _web_acl(self, env: Environment, firewall: Firewall) -> wafv2.CfnWebACL:
        return wafv2.CfnWebACL(
            self,
            "Firewall",
            name=f"marquee-{env.name}",
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility(f"marquee-{env.name}"),
            rules=[_rate_rule(firewall), _managed_rule(firewall)],
        )


def _rate_rule(firewall: Firewall) -> wafv2.CfnWebACL.RuleProperty:
    """Only the API counts: a household that watches on four screens asks for segments all day."""
    return wafv2.CfnWebACL.RuleProperty(
        name="api-rate",
        priority=0,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_visibility("api-rate"),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP",
                limit=firewall.api_requests_per_five_minutes,
                evaluation_window_sec=RATE_WINDOW_SECONDS,
                scope_down_statement=_api_path(),
            )
        ),
    )


def _managed_rule(firewall: Firewall) -> wafv2.CfnWebACL.RuleProperty:
    """AWS's common rules on the API. Its limit of 8 KB for bodies would refuse the part lists of
    large uploads, whose size API Gateway bounds."""
    counts = firewall.managed_rules == "count"
    return wafv2.CfnWebACL.RuleProperty(
        name="aws-common",
        priority=1,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(
            count={} if counts else None, none=None if counts else {}
        ),
        visibility_config=_visibility("aws-common"),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name="AWSManagedRulesCommonRuleSet",
                scope_down_statement=_api_path(),
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(
                        name="SizeRestrictions_BODY",
                        action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={}),
                    )
                ],
            )
        ),
    )


def _api_path() -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(
        byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}),
            positional_constraint="STARTS_WITH",
            search_string="/v1/",
            text_transformations=[
                wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")
            ],
        )
    )


def _visibility(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=True
    )
