"""What SES took, as pages that are safe to look at."""

from __future__ import annotations

import json

from localcloud.mailbox import Mail, Mailbox
from localcloud.wire import HttpRequest

HOSTILE = '<script>alert("x")</script>'


def mail(**changes: str) -> Mail:
    given = {"message_id": "m1", "sender": "a@marquee.example", "subject": "Hello", "text": "Hi"}
    return Mail(**{**given, "html": "", **changes}, recipients=("b@example.com",))  # type: ignore[arg-type]  # of strings


def got(mailbox: Mailbox, path: str) -> str:
    answer = mailbox.handle(HttpRequest("GET", path))
    assert answer.status == 200
    return answer.body.decode()


def test_the_newest_message_comes_first() -> None:
    mailbox = Mailbox(lambda: [mail(subject="Older"), mail(subject="Newer")])

    page = got(mailbox, "/")

    assert page.index("Newer") < page.index("Older")
    assert "b@example.com" in page


def test_an_empty_mailbox_says_so() -> None:
    assert "Nothing was sent yet." in got(Mailbox(list), "/")


def test_programs_read_json() -> None:
    mailbox = Mailbox(lambda: [mail(html="<p>Hi</p>")])

    (message,) = json.loads(got(mailbox, "/mailbox.json"))["messages"]

    assert message["recipients"] == ["b@example.com"]
    assert message["html"] == "<p>Hi</p>"


def test_what_a_sender_wrote_is_text_on_our_pages() -> None:
    hostile = mail(subject=HOSTILE, text=HOSTILE, sender=HOSTILE)
    mailbox = Mailbox(lambda: [hostile])

    assert "<script>" not in got(mailbox, "/")
    assert "<script>" not in got(mailbox, "/messages/0")


def test_a_message_of_html_stands_in_a_frame_in_which_nothing_runs() -> None:
    mailbox = Mailbox(lambda: [mail(html=HOSTILE)])

    page = got(mailbox, "/messages/0")
    framed = mailbox.handle(HttpRequest("GET", "/messages/0/html"))

    assert '<iframe sandbox src="/messages/0/html"' in page
    assert (framed.header("content-security-policy") or "").startswith("sandbox;")


def test_a_message_that_does_not_exist_is_404() -> None:
    mailbox = Mailbox(lambda: [mail()])

    for path in ("/messages/1", "/messages/-1", "/messages/x", "/messages/²", "/other"):
        assert mailbox.handle(HttpRequest("GET", path)).status == 404
