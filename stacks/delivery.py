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

from stacks.components import MarqueeStack, acknowledge
from stacks.environment import Domain, Edge, Environment, PriceClass
from stacks.signing import Signing

API_HEADERS = ("Authorization", "CloudFront-Viewer-Country", "CloudFront-Viewer-Address")
"""What the API needs of the viewer beyond what every request carries."""


VIEWER_COUNTRY = "CloudFront-Viewer-Country"

ORIGIN_SECRET_HEADER = "X-Marquee-Origin"  # noqa: S105 - a header's name, not a secret
"""Proves to a function that a request came through the edge; `kernel.web.viewer` checks it."""

FOR_EVER = Duration.days(365)

HTTPS_ONLY_FOR = Duration.days(365)

_PRICE_CLASSES: Mapping[PriceClass, cloudfront.PriceClass] = {
    "PriceClass_100": cloudfront.PriceClass.PRICE_CLASS_100,
    "PriceClass_200": cloudfront.PriceClass.PRICE_CLASS_200,
    "PriceClass_All": cloudfront.PriceClass.PRICE_CLASS_ALL,
}

ELSEWHERE_AFTER = (403, 500, 502, 503, 504)
"""Statuses of the first bucket after which the second is asked. S3 says 403 of what is not there
as well: then the second says so, too."""

REMEMBERED_ERRORS = (404, 500, 502, 503, 504)
"""Statuses that CloudFront caches whatever their headers say."""


def page_policy(issuer: str, uploads: str, beacons: str, *cdns: str) -> str:
    """The content security policy of the app: everything is its own file, but for signing in, for
    the folder that staff send films to, for where players tell, and for films on other CDNs.

    `blob:` is how Media Source Extensions hand a stream to the video element.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src 'self' blob:",
            " ".join(("connect-src 'self'", issuer, uploads, beacons, *cdns)),
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


class DeliveryStack(MarqueeStack):
    """CloudFront's behaviours, each with one way of proving the right to it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        packaged: s3.IBucket,
        copy: s3.IBucket | None,
        web: s3.IBucket,
        api_host: str,
        signing: Signing,
        plays: cloudfront.IKeyValueStore,
        uploads_url: str,
        beacons_url: str,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self._plays = plays
        self._uploads_url = uploads_url
        self._beacons_url = beacons_url
        self._protocol = {
            "redirect-to-https": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "allow-all": cloudfront.ViewerProtocolPolicy.ALLOW_ALL,
        }[env.viewer_protocol]
        self._env = env
        access = cloudfront.S3OriginAccessControl(
            self, "Access", signing=cloudfront.Signing.SIGV4_ALWAYS
        )
        films = self._private_bucket(packaged, access)
        if copy is not None:
            films = origins.OriginGroup(
                primary_origin=films,
                fallback_origin=self._private_bucket(copy, access),
                fallback_status_codes=list(ELSEWHERE_AFTER),
            )
        self._kept_for_ever = cloudfront.CachePolicy(
            self,
            "VersionedCache",
            min_ttl=Duration.seconds(1),
            default_ttl=FOR_EVER,
            max_ttl=FOR_EVER,
        )
        self._immutable = self._edge_function(
            "Immutable", "immutable.js", "Lets browsers keep versioned files"
        )
        # Where the viewer is, told to the functions. It is no part of the cache's key: they run
        # before the cache, and the object is the same everywhere.
        self._with_country = cloudfront.OriginRequestPolicy(
            self,
            "WithCountry",
            header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(VIEWER_COUNTRY),
        )
        distribution = cloudfront.Distribution(
            self,
            "Edge",
            comment=f"Marquee {env.name}",
            price_class=_PRICE_CLASSES[env.price_class],
            web_acl_id=env.edge.firewall_arn if env.edge and env.firewall else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            error_responses=[
                # Only how long an error is remembered, which CloudFront would do for ten seconds
                # even where the API says no-store: no page, so no answer is rewritten.
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in REMEMBERED_ERRORS
            ],
            domain_names=[f"watch.{env.domain.name}"] if env.domain else None,
            certificate=self._certificate(env.edge) if env.edge else None,
            default_behavior=self._web(web, access),
            additional_behaviors={
                "/m/*": self._films(films, "session.js", signers=[self._viewers(signing)]),
                "/t/*": self._films(films, "token.js", headers=self._for_every_origin()),
                "/art/*": self._versioned(films),
                "/v1/*": self._api(api_host, signing),
            },
        )
        acknowledge(
            distribution,
            "AwsSolutions-CFR3",
            "Plays are logged by the playback functions; a line for each segment would hold every "
            "viewer's address beside what they watch.",
        )
        if env.firewall is None:
            acknowledge(
                distribution,
                "AwsSolutions-CFR2",
                "This environment states no firewall: WAF charges for each request, segments too.",
            )
        acknowledge(
            distribution,
            "AwsSolutions-CFR1",
            "Countries are a matter of each title's rights, which playback checks at the start.",
        )
        if env.domain is not None:
            self._record(env.domain, distribution)
        CfnOutput(self, "DistributionDomain", value=distribution.distribution_domain_name)
        CfnOutput(self, "DistributionId", value=distribution.distribution_id)

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
        single_page = self._edge_function(
            "SinglePage", "spa.js", "Answers every page address with the app itself"
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

    def _edge_function(
        self,
        construct_id: str,
        file: str,
        comment: str,
        store: cloudfront.IKeyValueStore | None = None,
    ) -> cloudfront.Function:
        return cloudfront.Function(
            self,
            construct_id,
            code=cloudfront.FunctionCode.from_file(file_path=str(Path("edge") / file)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            comment=comment,
            key_value_store=store,
        )

    def _page_headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "PageHeaders",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=page_policy(
                        self._env.issuer,
                        self._uploads_url,
                        self._beacons_url,
                        *self._env.other_cdns,
                    ),
                    override=True,
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=HTTPS_ONLY_FOR, include_subdomains=False, override=True
                )
                if self._env.is_https
                else None,
            ),
        )

    def _viewers(self, signing: Signing) -> cloudfront.IKeyGroup:
        return cloudfront.KeyGroup.from_key_group_id(self, "Viewers", signing.key_group_id)

    def _versioned(self, films: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        """Files whose address carries a version, kept by the edge and by browsers for ever."""
        return cloudfront.BehaviorOptions(
            origin=films,
            viewer_protocol_policy=self._protocol,
            cache_policy=self._kept_for_ever,
            compress=False,
            function_associations=[self._keeping()],
        )

    def _films(
        self,
        films: cloudfront.IOrigin,
        guard: str,
        *,
        signers: list[cloudfront.IKeyGroup] | None = None,
        headers: cloudfront.IResponseHeadersPolicy | None = None,
    ) -> cloudfront.BehaviorOptions:
        """The same for one play's viewer: `guard` says whose request it is and takes that out of
        the path, so that all viewers of a film share what the edge keeps of it."""
        judge = self._edge_function(
            guard.removesuffix(".js").title(), guard, "Lets plays in that may go on", self._plays
        )
        return cloudfront.BehaviorOptions(
            origin=films,
            viewer_protocol_policy=self._protocol,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD
            if headers is None
            else cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
            cache_policy=self._kept_for_ever,
            origin_request_policy=self._with_country,
            response_headers_policy=headers,
            trusted_key_groups=signers,
            compress=False,
            function_associations=[
                cloudfront.FunctionAssociation(
                    function=judge, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                ),
                self._keeping(),
            ],
        )

    def _keeping(self) -> cloudfront.FunctionAssociation:
        return cloudfront.FunctionAssociation(
            function=self._immutable, event_type=cloudfront.FunctionEventType.VIEWER_RESPONSE
        )

    def _for_every_origin(self) -> cloudfront.ResponseHeadersPolicy:
        """A token is proof enough: pages of any origin may read what it opens."""
        return cloudfront.ResponseHeadersPolicy(
            self,
            "ForEveryOrigin",
            cors_behavior=cloudfront.ResponseHeadersCorsBehavior(
                access_control_allow_origins=["*"],
                access_control_allow_methods=["GET", "HEAD"],
                access_control_allow_headers=["range"],
                access_control_allow_credentials=False,
                access_control_expose_headers=["content-length", "content-range"],
                access_control_max_age=Duration.days(1),
                origin_override=True,
            ),
        )

    def _api(self, host: str, signing: Signing) -> cloudfront.BehaviorOptions:
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
                host,
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                custom_headers={ORIGIN_SECRET_HEADER: signing.origin_secret_reference},
            ),
            viewer_protocol_policy=self._protocol,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=through,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        )

    def _certificate(self, edge: Edge) -> acm.ICertificate:
        return acm.Certificate.from_certificate_arn(self, "Certificate", edge.certificate_arn)

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
