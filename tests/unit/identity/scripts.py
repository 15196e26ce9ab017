"""What may run on a page of the issuer's, told from its answer."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

_SCRIPT = re.compile(r"<script([^>]*)>(.*?)</script>", re.DOTALL)
_OUR_FILE = re.compile(r' src="/passkeys\.js\?v=[0-9a-f]{16}" defer')


def runs_only_our_own(answer: Any) -> bool:
    """The remote's script, which the policy names by its digest, and the passkeys' file; all else
    that looks like a script on the page is somebody else's."""
    body: str = answer["body"]
    policy: str = answer["headers"]["content-security-policy"]
    found = _SCRIPT.findall(body)
    inline = [text for attributes, text in found if not attributes]
    files = [attributes for attributes, text in found if attributes and not text]
    return (
        "unsafe" not in policy
        and body.count("<script") == len(inline) + len(files)
        and [_source(text) in policy for text in inline] == [True]
        and all(_OUR_FILE.fullmatch(attributes) for attributes in files)
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
