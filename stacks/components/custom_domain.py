"""A name of the environment's own for an HTTP API: certificate, mapping and DNS record."""

from __future__ import annotations

from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from stacks.environment import Domain


class CustomDomain(Construct):
    """`<label>.<domain>` in front of an HTTP API, validated through the domain's hosted zone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain: Domain,
        label: str,
        api: apigw.IHttpApi,
    ) -> None:
        super().__init__(scope, construct_id)
        name = f"{label}.{domain.name}"
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.hosted_zone_id, zone_name=domain.name
        )
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=name,
            validation=acm.CertificateValidation.from_dns(zone),
        )
        address = apigw.DomainName(self, "Name", domain_name=name, certificate=certificate)
        apigw.ApiMapping(self, "Mapping", api=api, domain_name=address)
        route53.ARecord(
            self,
            "Record",
            zone=zone,
            record_name=label,
            target=route53.RecordTarget.from_alias(
                targets.ApiGatewayv2DomainProperties(
                    address.regional_domain_name, address.regional_hosted_zone_id
                )
            ),
        )
        self.host = name
