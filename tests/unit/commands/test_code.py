"""The code of the second step, for who has no app at hand."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from commands.code import secret_in, shown
from commands.service_api import CommandError

RFC = base64.b32encode(b"12345678901234567890").decode()
"""The secret of RFC 6238's appendix B."""


@pytest.mark.parametrize(
    ("now", "said"), [(59.9, "287 082  for 1 s"), (1_111_111_110.0, "050 471  for 30 s")]
)
def test_codes_are_those_of_the_rfc_with_the_time_they_have_left(now: float, said: str) -> None:
    assert shown(RFC, now) == said


def test_the_key_is_the_demo_staffs_unless_another_is_named(tmp_path: Path) -> None:
    staff = {"email": "s@example.test", "password": "p", "totp_secret": RFC}
    (tmp_path / "ready.json").write_text(json.dumps({"accounts": {"staff": staff}}))
    environment = {"DATA_DIR": str(tmp_path)}

    assert secret_in(environment) == RFC
    assert secret_in({**environment, "MARQUEE_TOTP_SECRET": "another"}) == "another"
    with pytest.raises(CommandError, match="MARQUEE_TOTP_SECRET"):
        secret_in({"MARQUEE_EMAIL": "me", "MARQUEE_PASSWORD": "mine", "DATA_DIR": "/nowhere"})
