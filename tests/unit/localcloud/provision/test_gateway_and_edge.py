from __future__ import annotations

import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from localcloud.provision import DeploymentRefused


def _typed(cfn_type: str, **properties: Any) -> dict[str, Any]:
    return {"Type": cfn_type, "Properties": properties}


API = _typed("AWS::ApiGatewayV2::Api", Name="app", ProtocolType="HTTP")
AUTHORIZER = _typed(
    "AWS::ApiGatewayV2::Authorizer",
    ApiId={"Ref": "App"},
    AuthorizerType="JWT",
    IdentitySource=["$request.header.Authorization"],
    JwtConfiguration={"Audience": ["marquee"], "Issuer": "http://localhost:9080"},
    Name="tokens",
)
INTEGRATION = _typed(
    "AWS::ApiGatewayV2::Integration",
    ApiId={"Ref": "App"},
    IntegrationType="AWS_PROXY",
    IntegrationUri="arn:aws:lambda:eu-west-1:123456789012:function:f:live",
    PayloadFormatVersion="2.0",
)


def _route(key: str, **properties: Any) -> dict[str, Any]:
    return _typed(
        "AWS::ApiGatewayV2::Route",
        **{
            "ApiId": {"Ref": "App"},
            "RouteKey": key,
            "Target": {"Fn::Join": ["", ["integrations/", {"Ref": "Integration"}]]},
        }
        | properties,
    )


def test_an_http_api_is_kept_with_ids_of_awss_shape(cloud: Any) -> None:
    guarded = _route(
        "GET /v1/titles",
        AuthorizationType="JWT",
        AuthorizationScopes=["member"],
        AuthorizerId={"Ref": "Tokens"},
    )
    cloud.deploy(
        App=API,
        Stage=_typed(
            "AWS::ApiGatewayV2::Stage", ApiId={"Ref": "App"}, AutoDeploy=True, StageName="$default"
        ),
        Tokens=AUTHORIZER,
        Integration=INTEGRATION,
        Titles=guarded,
    )

    app = cloud.resource("App")
    assert re.fullmatch(r"[a-z0-9]{10}", app.physical_id)
    assert app.attributes["ApiEndpoint"] == (
        f"https://{app.physical_id}.execute-api.eu-west-1.amazonaws.com"
    )
    assert cloud.resource("Stage").physical_id == "$default"
    titles = cloud.resource("Titles").properties
    assert titles["ApiId"] == app.physical_id
    assert titles["Target"] == f"integrations/{cloud.resource('Integration').physical_id}"
    assert titles["AuthorizerId"] == cloud.resource("Tokens").physical_id
    assert cloud.issuers == ["http://localhost:9080"]


def test_an_authorizer_whose_issuer_does_not_answer_fails_the_deployment(cloud: Any) -> None:
    cloud.unreachable.add("http://localhost:9080")

    with pytest.raises(DeploymentRefused, match="Issuer must have a valid discovery endpoint"):
        cloud.deploy(App=API, Tokens=AUTHORIZER)


def test_an_earlier_stacks_api_is_announced_before_a_later_stacks_authorizer(cloud: Any) -> None:
    cloud.deploy_stacks(
        {
            "identity": {"Resources": {"Auth": API}},
            "api": {"Resources": {"App": API, "Tokens": AUTHORIZER}},
        }
    )

    assert cloud.stacks_done == ["identity", "api"]


def test_two_stacks_cannot_claim_one_route(cloud: Any) -> None:
    templates = {
        "api": {
            "Resources": {"App": API, "Integration": INTEGRATION, "One": _route("GET /v1/a")},
            "Outputs": {"App": {"Value": {"Ref": "App"}, "Export": {"Name": "app"}}},
        },
        "other": {
            "Resources": {
                "Two": _typed(
                    "AWS::ApiGatewayV2::Route",
                    ApiId={"Fn::ImportValue": "app"},
                    RouteKey="GET /v1/a",
                )
            }
        },
    }

    with pytest.raises(DeploymentRefused, match="Route with key GET /v1/a already exists"):
        cloud.deploy_stacks(templates)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"AuthorizationType": "JWT"}, "requires a valid JWT authorizer"),
        ({"AuthorizationScopes": ["member"]}, "only supported with a JWT authorizer"),
        ({"Target": "integrations/gone"}, "Invalid integration target"),
        ({"ApiId": "gone"}, "Invalid API identifier"),
    ],
)
def test_a_route_that_api_gateway_refuses_is_refused(
    cloud: Any, properties: dict[str, Any], words: str
) -> None:
    with pytest.raises(DeploymentRefused, match=words):
        cloud.deploy(App=API, Integration=INTEGRATION, Route=_route("GET /a", **properties))


def test_an_integration_cannot_wait_longer_than_30_seconds(cloud: Any) -> None:
    slow = _typed("AWS::ApiGatewayV2::Integration")
    slow["Properties"] = INTEGRATION["Properties"] | {"TimeoutInMillis": 60_000}

    with pytest.raises(DeploymentRefused, match="Timeout should be between"):
        cloud.deploy(App=API, Integration=slow)


P256 = ec.generate_private_key(ec.SECP256R1()).public_key()


def _pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _public_key(pem: str) -> dict[str, Any]:
    config = {"CallerReference": "1", "EncodedKey": pem, "Name": "viewers"}
    return _typed("AWS::CloudFront::PublicKey", PublicKeyConfig=config)


def _key_group(*items: Any) -> dict[str, Any]:
    return _typed("AWS::CloudFront::KeyGroup", KeyGroupConfig={"Items": list(items), "Name": "v"})


def _function(code: str = "function handler(e) { return e.request; }") -> dict[str, Any]:
    return _typed(
        "AWS::CloudFront::Function",
        Name="spa",
        AutoPublish=True,
        FunctionCode=code,
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
    )


def _distribution(**behavior: Any) -> dict[str, Any]:
    default = {"TargetOriginId": "web", "ViewerProtocolPolicy": "allow-all"} | behavior
    return _typed(
        "AWS::CloudFront::Distribution",
        DistributionConfig={
            "Enabled": True,
            "Origins": [{"Id": "web", "DomainName": "web.s3.eu-west-1.amazonaws.com"}],
            "DefaultCacheBehavior": default,
        },
    )


def test_a_distribution_is_kept_with_ids_of_awss_shape(cloud: Any) -> None:
    cloud.deploy(
        Key=_public_key(_pem(P256)),
        Viewers=_key_group({"Ref": "Key"}),
        Page=_function(),
        Access=_typed(
            "AWS::CloudFront::OriginAccessControl",
            OriginAccessControlConfig={
                "Name": "access",
                "OriginAccessControlOriginType": "s3",
                "SigningBehavior": "always",
                "SigningProtocol": "sigv4",
            },
        ),
        Deny=_typed("AWS::CloudFront::KeyValueStore", Name="deny"),
        Edge=_distribution(
            TrustedKeyGroups=[{"Ref": "Viewers"}],
            FunctionAssociations=[
                {
                    "EventType": "viewer-request",
                    "FunctionARN": {"Fn::GetAtt": ["Page", "FunctionARN"]},
                }
            ],
        ),
    )

    assert re.fullmatch(r"K[A-Z0-9]{13}", cloud.resource("Key").physical_id)
    edge = cloud.resource("Edge")
    assert re.fullmatch(r"E[A-Z0-9]{13}", edge.physical_id)
    assert re.fullmatch(r"d[a-z0-9]{13}\.cloudfront\.net", edge.attributes["DomainName"])
    behavior = edge.properties["DistributionConfig"]["DefaultCacheBehavior"]
    assert behavior["TrustedKeyGroups"] == [cloud.resource("Viewers").physical_id]
    assert behavior["FunctionAssociations"][0]["FunctionARN"] == (
        "arn:aws:cloudfront::123456789012:function/spa"
    )
    assert cloud.resource("Deny").physical_id == "deny"
    assert ":key-value-store/" in cloud.resource("Deny").attributes["Arn"]


@pytest.mark.parametrize(
    "pem",
    [
        "no key at all",
        _pem(ec.generate_private_key(ec.SECP384R1()).public_key()),
        _pem(rsa.generate_private_key(65537, 3072).public_key()),
    ],
)
def test_a_key_that_cloudfront_cannot_use_is_refused(cloud: Any, pem: str) -> None:
    with pytest.raises(DeploymentRefused, match="RSA 2048 or ECDSA P-256"):
        cloud.deploy(Key=_public_key(pem))


@pytest.mark.parametrize(
    "behavior",
    [{"TargetOriginId": "gone"}, {"TrustedKeyGroups": ["gone"]}],
)
def test_a_distribution_cannot_name_what_is_not_there(cloud: Any, behavior: dict[str, Any]) -> None:
    with pytest.raises(DeploymentRefused, match="do not exist"):
        cloud.deploy(Edge=_distribution(**behavior))


def test_an_edge_function_over_10_kb_is_refused(cloud: Any) -> None:
    with pytest.raises(DeploymentRefused, match="exceeds the limit of 10240 bytes"):
        cloud.deploy(Page=_function("// é" * 3000))


def _cache_policy(*, max_ttl: int, header_names: list[str], **extra: Any) -> dict[str, Any]:
    headers: dict[str, Any] = {"HeaderBehavior": "none"}
    if header_names:
        headers = {"HeaderBehavior": "whitelist", "Headers": header_names}
    return _typed(
        "AWS::CloudFront::CachePolicy",
        CachePolicyConfig={
            "Name": "api",
            "MinTTL": 0,
            "DefaultTTL": 0,
            "MaxTTL": max_ttl,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "CookiesConfig": {"CookieBehavior": "none"},
                "EnableAcceptEncodingGzip": False,
                "HeadersConfig": headers,
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            }
            | extra,
        },
    )


def test_a_cache_policy_that_lists_headers_and_caches_nothing_is_refused(cloud: Any) -> None:
    with pytest.raises(
        DeploymentRefused,
        match="The parameter HeaderBehavior is invalid for policy with caching disabled",
    ):
        cloud.deploy(Api=_cache_policy(max_ttl=0, header_names=["Authorization"]))


def test_a_cache_policy_of_one_second_may_list_headers(cloud: Any) -> None:
    cloud.deploy(Api=_cache_policy(max_ttl=1, header_names=["Authorization"]))

    assert cloud.resource("Api").physical_id


def test_a_cache_policy_that_compresses_cannot_list_accept_encoding(cloud: Any) -> None:
    policy = _cache_policy(
        max_ttl=1, header_names=["Accept-Encoding"], EnableAcceptEncodingGzip=True
    )

    with pytest.raises(DeploymentRefused, match="contains Accept-Encoding that is not allowed"):
        cloud.deploy(Api=policy)


def test_an_origin_request_policy_cannot_carry_authorization(cloud: Any) -> None:
    config = {
        "Name": "api",
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Authorization"]},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }

    with pytest.raises(DeploymentRefused, match="contains Authorization that is not allowed"):
        cloud.deploy(
            Api=_typed("AWS::CloudFront::OriginRequestPolicy", OriginRequestPolicyConfig=config)
        )
