"""The edge: one distribution in front of the web app, the films and the API.

Nothing depends on this stack; everybody else knows the public origin as a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components import MarqueeStack
from stacks.environment import Domain, Environment
from stacks.signing import Signing

API_HEADERS = ("Authorization", "CloudFront-Viewer-Country", "CloudFront-Viewer-Address")
"""What the API needs of the viewer beyond what every request carries."""


REMEMBERED_ERRORS = (404, 500, 502, 503, 504)
"""Statuses that CloudFront caches whatever their headers say."""


class DeliveryStack(MarqueeStack):
    """CloudFront's behaviours, each with one way of proving the right to it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        packaged: s3.IBucket,
        web: s3.IBucket,
        api_host: str,
        signing: Signing,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self._protocol = {
            "redirect-to-https": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "allow-all": cloudfront.ViewerProtocolPolicy.ALLOW_ALL,
        }[env.viewer_protocol]
        access = cloudfront.S3OriginAccessControl(
            self, "Access", signing=cloudfront.Signing.SIGV4_ALWAYS
        )
        films = self._private_bucket(packaged, access)
        distribution = cloudfront.Distribution(
            self,
            "Edge",
            comment=f"Marquee {env.name}",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            error_responses=[
                # Only how long an error is remembered, which CloudFront would do for ten seconds
                # even where the API says no-store: no page, so no answer is rewritten.
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in REMEMBERED_ERRORS
            ],
            **self._names(env.domain),
            default_behavior=self._web(web, access),
            additional_behaviors={
                "/m/*": self._films(films, signing),
                "/art/*": self._artwork(films),
                "/v1/*": self._api(api_host),
            },
        )
        if env.domain is not None:
            self._record(env.domain, distribution)
        CfnOutput(self, "DistributionDomain", value=distribution.distribution_domain_name)
        CfnOutput(self, "DistributionId", value=distribution.distribution_id)
        CfnOutput(self, "WebBucket", value=web.bucket_name)

    def _private_bucket(
        self, bucket: s3.IBucket, access: cloudfront.S3OriginAccessControl
    ) -> cloudfront.IOrigin:
        # Not with_origin_access_control: that edits the policy of a bucket in another stack,
        # which would make origin depend on delivery.
        return origins.S3BucketOrigin.with_bucket_defaults(
            bucket, origin_access_control_id=access.origin_access_control_id
        )

    def _web(
        self, web: s3.IBucket, access: cloudfront.S3OriginAccessControl
    ) -> cloudfront.BehaviorOptions:
        single_page = cloudfront.Function(
            self,
            "SinglePage",
            code=cloudfront.FunctionCode.from_file(file_path=str(Path("edge") / "spa.js")),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            comment="Answers every page address with the app itself",
        )
        return cloudfront.BehaviorOptions(
            origin=self._private_bucket(web, access),
            viewer_protocol_policy=self._protocol,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            response_headers_policy=self._page_headers(),
            compress=True,
            function_associations=[
                cloudfront.FunctionAssociation(
                    function=single_page,
                    event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                )
            ],
        )

    def _page_headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "PageHeaders",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
            ),
        )

    def _films(self, films: cloudfront.IOrigin, signing: Signing) -> cloudfront.BehaviorOptions:
        keys = cloudfront.KeyGroup.from_key_group_id(self, "Viewers", signing.key_group_id)
        return cloudfront.BehaviorOptions(
            origin=films,
            viewer_protocol_policy=self._protocol,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            trusted_key_groups=[keys],
            compress=False,
        )

    def _artwork(self, films: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=films,
            viewer_protocol_policy=self._protocol,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            compress=False,
        )

    def _api(self, host: str) -> cloudfront.BehaviorOptions:
        # Authorization reaches an origin only through the cache policy, and a policy that lists
        # headers is refused at deploy when its maximum TTL is 0: hence one second, and answers
        # that are private say no-store.
        through = cloudfront.CachePolicy(
            self,
            "ApiCache",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=Duration.seconds(1),
            header_behavior=cloudfront.CacheHeaderBehavior.allow_list(*API_HEADERS),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.all(),
            cookie_behavior=cloudfront.CacheCookieBehavior.none(),
        )
        return cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin(
                host, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
            ),
            viewer_protocol_policy=self._protocol,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=through,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        )

    def _names(self, domain: Domain | None) -> Mapping[str, object]:
        if domain is None:
            return {}
        certificate = acm.Certificate.from_certificate_arn(
            self, "Certificate", domain.edge_certificate_arn
        )
        return {"domain_names": [f"watch.{domain.name}"], "certificate": certificate}

    def _record(self, domain: Domain, distribution: cloudfront.Distribution) -> None:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.name
        )
        route53.ARecord(
            self,
            "Record",
            zone=zone,
            record_name="watch",
            target=route53.RecordTarget.from_alias(targets.CloudFrontTarget(distribution)),
        )
