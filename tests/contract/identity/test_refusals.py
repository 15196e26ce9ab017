"""Refusals of the OAuth endpoints are counted in the table, whichever function answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import boto3
import pytest

from identity.accounts.domain import TooManyAttemptsError
from identity.accounts.limits import Limit
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.oauth.errors import InvalidGrantError
from identity.oauth.refusals import Refusals

LIMIT = Limit("refused", timedelta(seconds=10), 3)
PLACE = "198.51.100.1"


def refuse() -> None:
    raise InvalidGrantError("unknown")


@pytest.mark.race
def test_refusals_at_once_by_functions_that_know_nothing_of_each_other_are_each_counted(
    table_of: Callable[[str], str], now: datetime
) -> None:
    client, table = boto3.client("dynamodb"), table_of("identity")
    limits, told = DynamoLimits(client, table), DynamoAnnouncements(client, table)

    def attempt(_: int) -> type[Exception]:
        with pytest.raises((InvalidGrantError, TooManyAttemptsError)) as refused:
            Refusals(limits, told, LIMIT, lambda: now).counting(PLACE, refuse)
        return refused.type

    with ThreadPoolExecutor(8) as pool:
        refused = Counter(pool.map(attempt, range(8)))

    assert refused == {InvalidGrantError: 3, TooManyAttemptsError: 5}
