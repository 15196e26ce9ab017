"""Behaviours, cache, origins and what CloudFront adds."""

from __future__ import annotations

import pytest

from localcloud.edge import UnsupportedDistributionError
from localcloud.edge.cache import Cache, Entry
from localcloud.edge.distribution import normalized, wildcard
from localcloud.wire import HttpResponse

from .conftest import API_HOST, HOST, NOW, World


def test_behaviours_are_tried_in_the_templates_order(world: World) -> None:
    world.behaviour("/m/special/*", "web")
    world.behaviour("/m/*", "films")

    for path in ("/m/special/a", "/m/a", "/M/a", "/index.html"):
        world.ask(f"GET {path}")

    assert [asked[0] for asked in world.bucket.asked] == ["web", "packaged", "web", "web"]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/a/*.jpg", "/a/b/c.jpg", True),
        ("/a?.jpg", "/a1.jpg", True),
        ("/a?.jpg", "/a.jpg", False),
        ("/a.b", "/aXb", False),
        ("*.jpg", "/a.JPG", False),
    ],
)
def test_patterns_know_stars_and_question_marks(pattern: str, path: str, matches: bool) -> None:
    assert bool(wildcard(pattern).match(path)) is matches


def test_paths_are_normalized_before_matching() -> None:
    assert normalized("/a/./b/../%6d%2F%7E/..") == "/a/m%2F~/".replace("m%2F~/", "")
    assert normalized("/../../m/a") == "/m/a"


def test_an_object_is_read_as_cloudfront_of_this_distribution(world: World) -> None:
    world.bucket.put("web", "a b.txt", b"hello", server="AmazonS3")

    response = world.ask("GET /a%20b.txt", cookie="secret=1", authorization="x")

    assert response.body == b"hello"
    assert world.bucket.asked == [
        ("web", "a b.txt", {}, "arn:aws:cloudfront::123456789012:distribution/E123")
    ]
    assert response.header("server") == "AmazonS3"
    assert response.header("via") == "1.1 local.cloudfront.net (CloudFront)"
    assert response.header("x-amz-cf-id")


def test_what_s3_refuses_reaches_the_viewer_as_s3_says_it(world: World) -> None:
    response = world.ask("GET /absent.js")

    assert response.status == 403
    assert b"<Code>AccessDenied</Code>" in response.body
    assert response.header("x-cache") == "Error from cloudfront"


def test_the_root_object_stands_for_the_root(world: World) -> None:
    world.config["DefaultRootObject"] = "index.html"
    world.bucket.put("web", "index.html", b"app")

    assert world.ask("GET /").body == b"app"


def test_an_origin_path_is_put_in_front(world: World) -> None:
    world.config["Origins"][1]["OriginPath"] = "/site"

    world.ask("GET /a.js")

    assert world.bucket.asked[0][1] == "site/a.js"


def test_a_method_that_the_behaviour_does_not_allow_is_refused(world: World) -> None:
    response = world.ask("POST /a.js")

    assert response.status == 403
    assert b"<H1>403 ERROR</H1>" in response.body
    assert b"not configured to allow the HTTP request method" in response.body
    assert response.header("x-cache") == "Error from cloudfront"


def test_plain_http_is_sent_to_https_where_the_behaviour_says_so(world: World) -> None:
    world.config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "redirect-to-https"

    response = world.ask("GET /a?b=1")

    assert response.status == 301
    assert response.header("location") == f"https://{HOST}/a?b=1"
    assert response.header("x-cache") == "Redirect from cloudfront"


def test_plain_http_is_refused_where_only_https_is_allowed(world: World) -> None:
    world.config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "https-only"

    assert world.ask("GET /a").status == 403


def test_a_head_has_the_length_and_not_the_body(world: World) -> None:
    world.bucket.put("web", "a.js", b"12345")

    response = world.ask("HEAD /a.js")

    assert (response.body, response.header("content-length")) == (b"", "5")
    assert world.ask("GET /a.js").body == b"12345"


class TestCache:
    def test_the_second_viewer_is_served_from_the_cache(self, world: World) -> None:
        world.bucket.put("web", "a.js", b"1")

        first = world.ask("GET /a.js")
        world.now[0] += 30
        second = world.ask("GET /a.js?ignored=1", user_agent="other")

        assert first.header("x-cache") == "Miss from cloudfront"
        assert first.header("age") is None
        assert (second.header("x-cache"), second.header("age")) == ("Hit from cloudfront", "30")
        assert len(world.bucket.asked) == 1

    def test_it_lives_as_long_as_the_origin_says_within_the_policy(self, world: World) -> None:
        world.bucket.put("web", "a.js", b"1", cache_control="public, max-age=60")

        world.ask("GET /a.js")
        world.now[0] += 59
        assert world.ask("GET /a.js").header("x-cache") == "Hit from cloudfront"

        world.now[0] += 2
        assert world.ask("GET /a.js").header("x-cache") == "RefreshHit from cloudfront"
        assert world.bucket.asked[-1][2] == {"if-none-match": '"a.js"'}

    def test_a_changed_object_replaces_the_stale_one(self, world: World) -> None:
        world.bucket.put("web", "a.js", b"1", cache_control="max-age=5")
        world.ask("GET /a.js")
        world.bucket.put("web", "a.js", b"2", etag='"new"')
        world.now[0] += 6

        response = world.ask("GET /a.js")

        assert (response.body, response.header("x-cache")) == (b"2", "Miss from cloudfront")

    def test_no_store_is_kept_for_the_policys_minimum_only(self, world: World) -> None:
        world.bucket.put("web", "a.js", b"1", cache_control="no-store")

        world.ask("GET /a.js")
        assert world.ask("GET /a.js").header("x-cache") == "Hit from cloudfront"
        world.now[0] += 1
        world.ask("GET /a.js")

        assert len(world.bucket.asked) == 2

    def test_a_not_found_is_kept_ten_seconds_unless_the_template_says_less(
        self, world: World
    ) -> None:
        world.api_behaviour()
        world.api.response = HttpResponse(404, (), b"{}")
        world.ask("GET /v1/a")
        world.now[0] += 9
        world.ask("GET /v1/a")
        world.now[0] += 2
        world.ask("GET /v1/a")

        assert len(world.api.asked) == 2

    def test_error_caching_can_be_switched_off(self, world: World) -> None:
        world.config["CustomErrorResponses"] = [{"ErrorCode": 404, "ErrorCachingMinTTL": 0}]
        world.api_behaviour()
        world.api.response = HttpResponse(404, (), b"{}")

        for _ in range(3):
            world.ask("GET /v1/a")

        assert len(world.api.asked) == 3

    def test_a_forbidden_object_is_asked_again(self, world: World) -> None:
        world.ask("GET /a.js")
        world.bucket.put("web", "a.js", b"1")

        assert world.ask("GET /a.js").status == 200

    def test_an_invalidation_forgets_everything(self, world: World) -> None:
        world.bucket.put("web", "a.js", b"1")
        world.ask("GET /a.js")

        world.edge.invalidate()

        assert world.ask("GET /a.js").header("x-cache") == "Miss from cloudfront"

    def test_the_least_recently_asked_makes_room(self) -> None:
        cache = Cache(capacity_bytes=3 * 2048)
        for key in "abc":
            cache.put(key, Entry(HttpResponse(200, (), b"x" * 1024), NOW, NOW + 1))
        cache.get("a")

        cache.put("d", Entry(HttpResponse(200, (), b"x" * 1024), NOW, NOW + 1))

        assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]

    def test_an_object_larger_than_the_cache_is_not_kept(self) -> None:
        cache = Cache(capacity_bytes=4096)

        cache.put("a", Entry(HttpResponse(200, (), b"x" * 8192), NOW, NOW + 1))

        assert cache.get("a") is None


class TestConditions:
    def test_an_unchanged_object_is_not_sent_again(self, world: World) -> None:
        world.bucket.put("web", "a.js", b"1")
        world.ask("GET /a.js")

        response = world.ask("GET /a.js", if_none_match='"other", W/"a.js"')

        assert (response.status, response.body) == (304, b"")
        assert response.header("etag") == '"a.js"'
        assert response.header("x-cache") == "Hit from cloudfront"

    @pytest.mark.parametrize(
        ("wanted", "status", "body", "place"),
        [
            ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
            ("bytes=7-", 206, b"789", "bytes 7-9/10"),
            ("bytes=-2", 206, b"89", "bytes 8-9/10"),
            ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
            ("bytes=10-", 416, b"", "bytes */10"),
            ("lines=1-2", 200, b"0123456789", None),
        ],
    )
    def test_a_part_is_cut_from_the_cached_object(
        self, world: World, wanted: str, status: int, body: bytes, place: str | None
    ) -> None:
        world.bucket.put("web", "a.mp4", b"0123456789")
        world.ask("GET /a.mp4")

        response = world.ask("GET /a.mp4", range=wanted)

        assert (response.status, response.body) == (status, body)
        assert response.header("content-range") == place
        assert len(world.bucket.asked) == 1

    def test_a_part_of_a_changed_object_is_the_whole(self, world: World) -> None:
        world.bucket.put("web", "a.mp4", b"0123456789")
        world.ask("GET /a.mp4")

        assert world.ask("GET /a.mp4", range="bytes=0-1", if_range='"old"').status == 200

    def test_a_range_that_is_not_cached_is_asked_of_the_origin(self, world: World) -> None:
        world.bucket.put("web", "a.mp4", b"0123456789")

        response = world.ask("GET /a.mp4", range="bytes=2-4")

        assert (response.status, response.body) == (206, b"234")
        assert world.bucket.asked[0][2] == {"range": "bytes=2-4"}


class TestApiOrigin:
    @pytest.fixture
    def api(self, world: World) -> World:
        world.api_behaviour()
        world.country = "NL"
        return world

    def test_the_origin_gets_its_own_host_and_the_viewers_request(self, api: World) -> None:
        api.ask(
            "POST /v1/playback/start?a=1&b=%20",
            body=b"{}",
            content_type="application/json",
            authorization="Bearer x",
            cookie="a=1; b=2",
            user_agent="tv",
        )

        request = api.api.asked[0]
        assert (request.method, request.path, request.query) == (
            "POST", "/v1/playback/start", "a=1&b=%20",
        )  # fmt: skip
        assert (request.host, request.scheme, request.body) == (API_HOST, "https", b"{}")
        headers = dict(request.headers)
        assert headers["host"] == API_HOST
        assert headers["authorization"] == "Bearer x"
        assert headers["cookie"] == "a=1; b=2"
        assert headers["user-agent"] == "tv"
        assert headers["x-forwarded-for"] == "203.0.113.7"
        assert headers["cloudfront-viewer-country"] == "NL"
        assert headers["cloudfront-viewer-address"] == "203.0.113.7:50123"
        assert headers["x-origin-secret"] == "s3cret"

    def test_a_viewer_cannot_state_its_own_country_address_or_secret(self, api: World) -> None:
        api.country = None

        api.ask(
            "GET /v1/titles",
            cloudfront_viewer_country="US",
            cloudfront_viewer_address="1.2.3.4:5",
            cloudfront_viewer_asn="1",
            x_origin_secret="guess",
        )

        headers = dict(api.api.asked[0].headers)
        assert "cloudfront-viewer-country" not in headers
        assert "cloudfront-viewer-asn" not in headers
        assert headers["cloudfront-viewer-address"] == "203.0.113.7:50123"
        assert headers["x-origin-secret"] == "s3cret"

    def test_answers_without_cache_control_are_not_kept(self, api: World) -> None:
        for _ in range(2):
            response = api.ask("GET /v1/titles")

        assert response.header("x-cache") == "Miss from cloudfront"
        assert len(api.api.asked) == 2

    def test_a_public_answer_is_kept_a_second_for_one_holder_of_a_token(self, api: World) -> None:
        api.api.response = HttpResponse(200, (("cache-control", "max-age=60"),), b"{}")

        api.ask("GET /v1/titles", authorization="Bearer a")
        mine = api.ask("GET /v1/titles", authorization="Bearer a")
        other = api.ask("GET /v1/titles", authorization="Bearer b")
        api.now[0] += 1
        later = api.ask("GET /v1/titles", authorization="Bearer a")

        assert [each.header("x-cache") for each in (mine, other, later)] == [
            "Hit from cloudfront", "Miss from cloudfront", "Miss from cloudfront",
        ]  # fmt: skip

    def test_each_answers_cookies_and_conditions_pass(self, api: World) -> None:
        api.api.response = HttpResponse(
            200, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Connection", "close")), b"{}"
        )

        response = api.ask("GET /v1/titles", if_none_match='"x"')

        assert [v for k, v in response.headers if k == "set-cookie"] == ["a=1", "b=2"]
        assert response.header("connection") is None
        assert api.api.asked[0].header("if-none-match") == '"x"'

    def test_without_an_origin_request_policy_little_is_forwarded(self, world: World) -> None:
        world.behaviour("/v1/*", "api", AllowedMethods=["GET", "HEAD"])

        world.ask("GET /v1/a?q=1", authorization="x", cookie="a=1", x_other="1")

        request = world.api.asked[0]
        assert request.query == ""
        assert {name for name, _ in request.headers} == {
            "host", "user-agent", "x-forwarded-for", "x-amz-cf-id", "via", "x-origin-secret",
        }  # fmt: skip
        assert request.header("user-agent") == "Amazon CloudFront"


class TestOriginGroup:
    def test_the_second_origin_answers_what_the_first_cannot(self, world: World) -> None:
        world.config["OriginGroups"] = {
            "Items": [
                {
                    "Id": "both",
                    "Members": {"Items": [{"OriginId": "films"}, {"OriginId": "web"}]},
                    "FailoverCriteria": {"StatusCodes": {"Items": [403, 500, 503]}},
                }
            ]
        }
        world.behaviour("/m/*", "both")
        world.bucket.put("web", "m/a", b"second")

        assert world.ask("GET /m/a").body == b"second"
        assert [asked[0] for asked in world.bucket.asked] == ["packaged", "web"]


class TestErrorPage:
    def test_a_custom_error_response_replaces_body_and_status(self, world: World) -> None:
        world.config["CustomErrorResponses"] = [
            {"ErrorCode": 403, "ResponsePagePath": "/sorry.html", "ResponseCode": 404}
        ]
        world.bucket.put("web", "sorry.html", b"sorry")

        response = world.ask("GET /absent")

        assert (response.status, response.body) == (404, b"sorry")


class TestResponseHeaders:
    def test_security_headers_follow_the_policy(self, world: World) -> None:
        world.add(
            "AWS::CloudFront::ResponseHeadersPolicy",
            "page",
            ResponseHeadersPolicyConfig={
                "SecurityHeadersConfig": {
                    "FrameOptions": {"FrameOption": "DENY", "Override": True},
                    "ContentTypeOptions": {"Override": True},
                    "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": False},
                },
                "CustomHeadersConfig": {
                    "Items": [{"Header": "X-A", "Value": "1", "Override": False}]
                },
                "RemoveHeadersConfig": {"Items": [{"Header": "Server"}]},
            },
        )
        world.config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = "page"
        world.bucket.put(
            "web", "a", b"", x_frame_options="SAMEORIGIN", referrer_policy="origin", server="S3"
        )

        response = world.ask("GET /a")

        assert response.header("x-frame-options") == "DENY"
        assert response.header("x-content-type-options") == "nosniff"
        assert response.header("referrer-policy") == "origin"
        assert response.header("x-a") == "1"
        assert response.header("server") is None

    def test_cors_headers_go_to_allowed_origins_only(self, world: World) -> None:
        world.add(
            "AWS::CloudFront::ResponseHeadersPolicy",
            "cors",
            ResponseHeadersPolicyConfig={
                "CorsConfig": {
                    "AccessControlAllowOrigins": {"Items": ["https://*.example.com"]},
                    "AccessControlAllowMethods": {"Items": ["GET"]},
                    "AccessControlAllowHeaders": {"Items": ["range"]},
                    "AccessControlAllowCredentials": True,
                    "OriginOverride": True,
                }
            },
        )
        world.config["DefaultCacheBehavior"] |= {
            "ResponseHeadersPolicyId": "cors",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
        }

        allowed = world.ask("GET /a", origin="https://watch.example.com")
        other = world.ask("GET /a", origin="https://evil.example")
        preflight = world.ask(
            "OPTIONS /a", origin="https://watch.example.com", access_control_request_method="GET"
        )

        assert allowed.header("access-control-allow-origin") == "https://watch.example.com"
        assert allowed.header("access-control-allow-credentials") == "true"
        assert other.header("access-control-allow-origin") is None
        assert preflight.header("access-control-allow-methods") == "GET"


class TestTemplatesThatAreRefused:
    def test_an_unknown_policy(self, world: World) -> None:
        world.behaviour("/x/*", CachePolicyId="nobody")

        with pytest.raises(UnsupportedDistributionError, match="nobody"):
            world.ask("GET /")

    def test_authorization_in_an_origin_request_policy(self, world: World) -> None:
        world.add(
            "AWS::CloudFront::OriginRequestPolicy",
            "orp",
            OriginRequestPolicyConfig={
                "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Authorization"]},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        )
        world.behaviour("/x/*", OriginRequestPolicyId="orp")

        with pytest.raises(UnsupportedDistributionError, match="Authorization"):
            world.ask("GET /")
