"""What the edge asks of a request whose cookies CloudFront has accepted."""

from __future__ import annotations

import pytest

from tests.unit.edge.conftest import EdgeWorker

FILE = "ast_1/v1/main_1.cmfv"


def status(edge: EdgeWorker, path: str, country: str | None = "IE") -> int:
    """200 when the request goes on to the object, else what the viewer is answered."""
    return int(edge.answer("session", path, country=country).get("statusCode", 200))


def test_play_and_country_are_gone_from_the_path_of_the_object(edge: EdgeWorker) -> None:
    assert edge.answer("session", f"/m/ses_1/IE/{FILE}", country="IE")["uri"] == f"/m/{FILE}"


@pytest.mark.parametrize("country", [None, "FR"])
def test_rights_for_everywhere_ask_for_no_country(edge: EdgeWorker, country: str | None) -> None:
    assert status(edge, f"/m/ses_1/world/{FILE}", country) == 200


@pytest.mark.parametrize("country", [None, "FR", "ie", ""])
def test_from_another_country_or_an_unknown_one_nothing_is_opened(
    edge: EdgeWorker, country: str | None
) -> None:
    assert status(edge, f"/m/ses_1/IE/{FILE}", country) == 403


def test_a_revoked_play_is_refused_and_another_of_the_same_film_is_not(edge: EdgeWorker) -> None:
    assert edge.entries is not None
    edge.entries["ses_1"] = "1900000000"

    assert status(edge, f"/m/ses_1/IE/{FILE}") == 403
    assert status(edge, f"/m/ses_2/IE/{FILE}") == 200


@pytest.mark.parametrize("entries", [{}, None, {"ses_2": "1900000000"}])
def test_a_store_that_is_empty_or_cannot_be_read_lets_nobody_in(
    edge: EdgeWorker, entries: dict[str, str] | None
) -> None:
    edge.entries = entries

    assert status(edge, f"/m/ses_1/IE/{FILE}") == 503


@pytest.mark.parametrize(
    "path",
    [
        f"/m/{FILE}",
        f"/m/ses_1/{FILE}",
        "/m/ses_1/IE/ast_1",
        f"/m/key:12345678/IE/{FILE}",
        f"/m/ready/IE/{FILE}",
        f"/m/ses_1/Ireland/{FILE}",
        f"/m/ses_1//{FILE}",
        "/m/ses_1/IE/ast_1/v1/../../ast_2/v1/main.mpd",
        "/m/ses_1/IE/ast_1/v1/%2e%2e/x",
        "/m/ses_1/IE/ast_1//v1/x",
        "/m/",
        "/m/ses_1",
    ],
)
def test_a_path_that_names_no_play_or_climbs_out_is_refused(edge: EdgeWorker, path: str) -> None:
    assert status(edge, path) == 403


def test_a_refusal_is_never_kept(edge: EdgeWorker) -> None:
    refusal = edge.answer("session", f"/m/ses_1/FR/{FILE}", country="IE")

    assert refusal["headers"] == {"cache-control": {"value": "no-store"}}
