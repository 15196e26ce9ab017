"""Letters from templates: the words of a language in one file, the layout of all in another.

Plain text and HTML say the same, from the same words. A fact is escaped where it becomes HTML,
and is never a template itself.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from notifications.domain import Message

DEFAULT_LANGUAGE = "en"
LANGUAGES = ("en", "de")

_FOLDER = files("notifications").joinpath("letters")


@cache
def _language(language: str) -> dict[str, Any]:
    return tomllib.loads(_FOLDER.joinpath(f"{language}.toml").read_text(encoding="utf-8"))


@cache
def _layout() -> Template:
    return Template(_FOLDER.joinpath("layout.html").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class TemplateWords:
    """`Words` from the files in `letters/`."""

    public_origin: str
    issuer: str

    def message(self, template: str, language: str, to: str, facts: dict[str, str]) -> Message:
        """A letter; KeyError when a fact that it names is missing, so that none goes out broken."""
        chosen = language if language in LANGUAGES else DEFAULT_LANGUAGE
        words = _language(chosen)
        known = {
            **facts,
            "site": self.public_origin,
            "devices": f"{self.public_origin}/devices",
            "forgot_password": f"{self.issuer}/forgot-password",
            "passkeys": f"{self.issuer}/account/passkeys",
            "recovery_codes": f"{self.issuer}/account/recovery-codes",
            "export": f"{self.issuer}/account/export",
            "delete": f"{self.issuer}/account/delete",
        }
        if "reason" in facts:
            known["reason"] = words["reasons"][facts["reason"]]

        def said(text: str) -> str:
            return Template(text).substitute(known)

        letter = words[template]
        subject = said(letter["subject"])
        paragraphs = [said(each) for each in (*letter["paragraphs"], *words["closing"])]
        code = facts.get("code") if letter.get("shows_code") else None
        html = _layout().substitute(
            language=chosen,
            subject=escape(subject),
            code=f'<p class="code">{escape(code)}</p>' if code else "",
            paragraphs="\n".join(f"<p>{escape(each)}</p>" for each in paragraphs),
        )
        text = "\n\n".join([*([f"    {code}"] if code else []), *paragraphs])
        return Message(to=to, subject=subject, text=f"{text}\n", html=html)
