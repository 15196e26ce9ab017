"""The page that asks for a passkey before a change, and the forms that it leads to."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template

from identity import pages
from identity.accounts.pages import FormPage

_PAGE = Template(files(pages.__name__).joinpath("confirm.html").read_text())


def confirm_page(form: FormPage, problem: str = "") -> str:
    """What is to be confirmed, and ways on for who has no passkey at hand."""
    content = _PAGE.substitute(
        problem=pages.notice(problem),
        title=escape(form.title),
        change=escape(form.change),
        form=escape(form.action),
        script=pages.SCRIPT_TAG,
    )
    return pages.page("Confirm with a passkey", content)
