"""XML from outside, read without the features that make XML dangerous.

No document type, hence no entities and nothing to expand or fetch; bounded in size and depth;
UTF-8 only, so that no other encoding can hide a document type from the check.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from kernel.errors import InvalidInputError

LARGEST_DOCUMENT = 256 * 1024
"""Bytes. A SPEKE request for six keys and three systems has 10 KB, a PlayReady challenge 20."""

DEEPEST_ELEMENT = 32
"""CPIX needs eight levels; serializing recurses once per level."""


class UnreadableXmlError(InvalidInputError):
    """The document is not XML that we are willing to read."""

    code = "unreadable_xml"


class _Refusal(Exception):  # noqa: N818 - leaves this module as an UnreadableXmlError
    """Stops the parser from inside one of its callbacks."""


def parse_xml(document: bytes) -> Element:
    """The root element, names as `{namespace}name`; UnreadableXmlError for anything else."""
    if len(document) > LARGEST_DOCUMENT:
        raise UnreadableXmlError(f"The document is larger than {LARGEST_DOCUMENT} bytes.")
    builder = TreeBuilder()
    try:
        _parser(builder).Parse(document, True)
        return builder.close()
    except _Refusal as error:
        raise UnreadableXmlError(str(error)) from error
    except (expat.ExpatError, AssertionError) as error:
        raise UnreadableXmlError("The document is not well-formed XML.") from error


def _parser(builder: TreeBuilder) -> expat.XMLParserType:
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST_ELEMENT:
            raise _Refusal(f"The document nests deeper than {DEEPEST_ELEMENT} elements.")
        builder.start(_named(name), {_named(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(name))

    def refuse_doctype(*_declaration: object) -> None:
        raise _Refusal("The document has a document type, which is refused.")

    parser = expat.ParserCreate(encoding="utf-8", namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse_doctype
    return parser


def _named(name: str) -> str:
    return "{" + name if "}" in name else name
