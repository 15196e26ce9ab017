"""Staff mark where an intro is and where the credits begin; what contradicts is refused."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

import pytest

from catalog.domain import Title
from catalog.markers import Markers, Span
from catalog.routes import routes, staff_routes
from catalog.service import TRIES, Catalogue
from kernel.errors import ConflictError, InvalidInputError
from kernel.events.catalog import TitlePublished
from kernel.maturity import AgeLimit
from kernel.web.payload import answering
from tests.fakes.catalog import FakeTitles
from tests.fakes.gateway import MEMBER, call
from tests.unit.catalog.test_catalogue import READY

GROWN = AgeLimit(18, is_kid=False)
STAFF = {"sub": "acc_editor", "scope": "staff"}
INTRO = {"starts_at_seconds": 4.5, "ends_at_seconds": 20}
MARKED = {"intro": INTRO, "credits_at_seconds": 55}


@pytest.fixture
def titles() -> FakeTitles:
    return FakeTitles()


@pytest.fixture
def catalogue(titles: FakeTitles, now: datetime) -> Catalogue:
    """One title of 61.5 s."""
    catalogue = Catalogue(titles, lambda: now)
    catalogue.publish(READY)
    return catalogue


def ask(
    catalogue: Catalogue,
    method: str = "PUT",
    body: object = None,
    claims: dict[str, str] | None = STAFF,
    title_id: str = "ttl_1",
) -> tuple[int, dict[str, Any]]:
    event = call(
        method,
        f"/v1/titles/{title_id}/markers",
        parameters={"title_id": title_id},
        claims=claims,
        body=body,
    )
    answer = answering(staff_routes(catalogue))(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_what_staff_mark_is_told_and_shown_to_members(
    catalogue: Catalogue, titles: FakeTitles
) -> None:
    status, marked = ask(catalogue, body=MARKED)

    assert (status, marked) == (
        200,
        {"title_id": "ttl_1", "duration_seconds": 61.5, **MARKED},
    )
    assert ask(catalogue, "GET") == (200, marked)
    told = titles.told[-1]
    assert (told.intro, told.credits_at_seconds) == (INTRO, 55)
    assert TitlePublished.from_detail(told.to_detail()) == told
    assert titles.edited_by == ["acc_editor"]
    event = call("GET", "/v1/titles/x", parameters={"title_id": "ttl_1"}, claims=MEMBER)
    shown = json.loads(answering(routes(catalogue))(event, None)["body"])
    assert shown["markers"] == MARKED


def test_a_title_that_nobody_marked_says_so(catalogue: Catalogue, titles: FakeTitles) -> None:
    assert ask(catalogue, "GET")[1]["credits_at_seconds"] is None
    assert (titles.told[0].intro, titles.told[0].credits_at_seconds) == (None, None)


def test_what_was_marked_before_is_replaced_and_can_be_taken_away(catalogue: Catalogue) -> None:
    ask(catalogue, body=MARKED)

    assert ask(catalogue, body={**MARKED, "intro": None})[1]["intro"] is None
    nothing = {"intro": None, "credits_at_seconds": None}
    assert ask(catalogue, body=nothing)[1]["credits_at_seconds"] is None


def test_a_newer_run_of_the_pipeline_keeps_the_markers(
    catalogue: Catalogue, titles: FakeTitles
) -> None:
    ask(catalogue, body=MARKED)

    catalogue.publish(dataclasses.replace(READY, sequence=2, path="m/ast_1/v2"))

    assert (titles.told[-1].path, titles.told[-1].credits_at_seconds) == ("m/ast_1/v2", 55)


@pytest.mark.parametrize(
    ("seconds", "intro", "credits_at"),
    [(56.0, INTRO, 55), (55.0, INTRO, None), (111.0, INTRO, None), (20.0, None, None)],
)
def test_a_cut_of_another_length_keeps_what_can_still_be_true(
    catalogue: Catalogue, titles: FakeTitles, seconds: float, intro: object, credits_at: object
) -> None:
    ask(catalogue, body=MARKED)

    catalogue.publish(dataclasses.replace(READY, sequence=2, duration_seconds=seconds))

    assert (titles.told[-1].intro, titles.told[-1].credits_at_seconds) == (intro, credits_at)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credits_at_seconds": 61.5}, "credits_at_seconds"),
        ({"credits_at_seconds": -1}, "credits_at_seconds"),
        ({"credits_at_seconds": 30.7}, "credits_at_seconds"),
        ({"credits_at_seconds": "55"}, "credits_at_seconds"),
        ({"credits_at_seconds": True}, "credits_at_seconds"),
        ({"credits_at_seconds": 1e400}, "body"),
        ({"credits_at_seconds": 10**400}, "credits_at_seconds"),
        ({"intro": {**INTRO, "ends_at_seconds": 4.4}}, "intro.ends_at_seconds"),
        ({"intro": {**INTRO, "ends_at_seconds": 5}}, "intro.ends_at_seconds"),
        ({"intro": {**INTRO, "ends_at_seconds": 61.5}}, "intro.ends_at_seconds"),
        ({"intro": {**INTRO, "ends_at_seconds": 55.5}}, "intro.ends_at_seconds"),
        ({"intro": {**INTRO, "starts_at_seconds": -0.1}}, "intro.starts_at_seconds"),
        ({"intro": {**INTRO, "starts_at_seconds": None}}, "intro.starts_at_seconds"),
        ({"intro": {"starts_at_seconds": 1}}, "intro.ends_at_seconds"),
        ({"intro": {**INTRO, "name": "Opening"}}, "intro.name"),
        ({"intro": [4.5, 20]}, "intro"),
        ({"recap": None}, "recap"),
    ],
)
def test_what_cannot_be_true_is_refused_and_named(
    catalogue: Catalogue, titles: FakeTitles, changes: dict[str, Any], field: str
) -> None:
    status, refused = ask(catalogue, body={**MARKED, **changes})

    assert (status, refused["code"], refused["field"]) == (422, "invalid_input", field)
    assert len(titles.told) == 1


@pytest.mark.parametrize("missing", ["intro", "credits_at_seconds"])
def test_what_is_left_out_is_no_way_to_say_none(catalogue: Catalogue, missing: str) -> None:
    body = {name: value for name, value in MARKED.items() if name != missing}

    assert ask(catalogue, body=body)[1]["field"] == missing


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    ("claims", "status"), [(None, 401), ({}, 401), ({"sub": "acc_1", "scope": "member"}, 403)]
)
def test_nobody_but_staff_marks(
    catalogue: Catalogue, method: str, claims: dict[str, str] | None, status: int
) -> None:
    assert ask(catalogue, method, MARKED, claims)[0] == status


@pytest.mark.parametrize("title_id", ["ttl_2", "srs_1", "ttl_"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_there_is_nothing_to_mark_in_what_is_no_title(
    catalogue: Catalogue, method: str, title_id: str
) -> None:
    status, refused = ask(catalogue, method, MARKED, title_id=title_id)

    assert (status, refused["code"]) == (404, "title_not_found")


class Interrupted(FakeTitles):
    """Somebody else is quicker, a few times."""

    others: int = 0

    def get(self, title_id: str) -> Title | None:
        read = super().get(title_id)
        if read is not None and self.others > 0:
            self.others -= 1
            self.titles[title_id] = dataclasses.replace(
                read, markers=Markers(None, 50.0 + self.others), edition=read.edition + 1
            )
        return read


def test_a_change_of_staff_is_not_lost_to_the_pipeline_that_had_read_before_it(
    now: datetime,
) -> None:
    titles = Interrupted()
    catalogue = Catalogue(titles, lambda: now)
    catalogue.publish(READY)
    titles.others = 1

    catalogue.publish(dataclasses.replace(READY, sequence=2, path="m/ast_1/v2"))

    kept = titles.titles["ttl_1"]
    assert (kept.path, kept.markers.credits_at_seconds) == ("m/ast_1/v2", 50)


def test_who_is_overtaken_all_the_while_is_told(now: datetime) -> None:
    titles = Interrupted()
    catalogue = Catalogue(titles, lambda: now)
    catalogue.publish(READY)

    titles.others = 2 * TRIES
    with pytest.raises(ConflictError):
        catalogue.mark("ttl_1", Markers(None, 55.0), "acc_editor")
    titles.others = 2 * TRIES
    with pytest.raises(ConflictError):
        catalogue.publish(dataclasses.replace(READY, sequence=2))

    titles.others = TRIES - 1
    assert catalogue.mark("ttl_1", Markers(None, 55.0), "acc_editor").markers == Markers(None, 55.0)


def test_moments_are_kept_to_the_millisecond(catalogue: Catalogue) -> None:
    assert ask(catalogue, body={**MARKED, "credits_at_seconds": 55.00049})[1][
        "credits_at_seconds"
    ] == pytest.approx(55.0)


def test_an_intro_may_end_where_the_credits_begin() -> None:
    Markers(Span(0.0, 55.0), 55.0).check(61.5)

    with pytest.raises(InvalidInputError):
        Markers(Span(0.0, 55.001), 55.0).check(61.5)
