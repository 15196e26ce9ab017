"""Reads the captions of a job document: files beside the film, and tracks made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .document_faults import Faults
from .plan import CaptionRendition, S3Location, Source


def read_caption_files(
    selectors: Mapping[str, Mapping[str, Any]], faults: Faults
) -> dict[str, S3Location]:
    """The input's caption files, by selector."""
    files: dict[str, S3Location] = {}
    for name, selector in selectors.items():
        at = faults.at(f"/captionSelectors/{name}/sourceSettings")
        source = selector.get("sourceSettings") or {}
        at.needed(source, "sourceType")
        file = at.needed(source, "fileSourceSettings") or {}
        url = at.at("/fileSourceSettings").needed(file, "sourceFile") or ""
        if url and not url.startswith("s3://"):
            at.add("/fileSourceSettings/sourceFile", "Only s3:// files are supported locally")
        files[name] = S3Location.parse(url)
    return files


def read_captions(
    output: Mapping[str, Any], captions: Mapping[str, Any], faults: Faults, source: Source
) -> CaptionRendition:
    """One track of captions of a CMAF group."""
    selector = faults.needed(captions, "captionSelectorName")
    if selector is not None and selector not in source.caption_files:
        faults.add("/captionSelectorName", "Should name a caption selector of the input")
    destination = faults.needed(captions, "destinationSettings") or {}
    at = faults.at("/destinationSettings")
    at.needed(destination, "destinationType")
    # DISABLED, the service's default, drops positions; that is not done here.
    at.at("/webvttDestinationSettings").needed(
        destination.get("webvttDestinationSettings", {}), "stylePassthrough"
    )
    language = captions.get("customLanguageCode") or captions.get("languageCode", "und").lower()
    return CaptionRendition(
        modifier=output.get("nameModifier", ""),
        source=str(selector),
        language=language,
        name=captions.get("languageDescription") or language,
    )
