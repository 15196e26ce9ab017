"""XML that would harm is refused before anything reads it."""

from __future__ import annotations

import pytest

from kernel.xml_input import DEEPEST_ELEMENT, LARGEST_DOCUMENT, UnreadableXmlError, parse_xml

BOMB = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>'


def test_a_document_keeps_its_names_attributes_and_text() -> None:
    root = parse_xml(b'<p:a xmlns:p="urn:x" b="1"><p:c>text</p:c></p:a>')

    assert (root.tag, root.attrib, root[0].text) == ("{urn:x}a", {"b": "1"}, "text")


@pytest.mark.parametrize(
    "document",
    [
        BOMB.encode(),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        BOMB.encode("utf-16"),
        ('<?xml version="1.0" encoding="utf-16"?>' + BOMB).encode("utf-16"),
        b"<a>&undefined;</a>",
    ],
)
def test_a_document_type_is_refused_in_every_disguise(document: bytes) -> None:
    with pytest.raises(UnreadableXmlError):
        parse_xml(document)


@pytest.mark.parametrize("document", [b"", b"<a>", b"text", b"<a/><b/>", b"\xff\xfe<a/>", b"{}"])
def test_what_is_not_well_formed_is_refused(document: bytes) -> None:
    with pytest.raises(UnreadableXmlError):
        parse_xml(document)


def test_a_document_larger_than_any_request_is_refused() -> None:
    with pytest.raises(UnreadableXmlError, match="larger"):
        parse_xml(b"<a>" + b" " * LARGEST_DOCUMENT + b"</a>")


def test_a_document_nested_deeper_than_any_request_is_refused() -> None:
    depth = DEEPEST_ELEMENT + 1

    with pytest.raises(UnreadableXmlError, match="nests"):
        parse_xml(b"<a>" * depth + b"</a>" * depth)
