"""Collects what is wrong in a job document, each with the place it is wrong at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.service_model import Fault

from .plan import S3Location, Source


class Faults:
    """A list of faults, seen from one place of the document."""

    def __init__(self, path: str = "", found: list[Fault] | None = None) -> None:
        self._path = path
        self.found: list[Fault] = [] if found is None else found

    def at(self, path: str) -> Faults:
        """The same list, from a place further in."""
        return Faults(self._path + path, self.found)

    def add(self, path: str, problem: str) -> None:
        """Notes a fault at a place relative to this one."""
        self.found.append(Fault(self._path + path, problem))

    def needed(self, document: Mapping[str, Any], name: str) -> Any:
        """The value of a property, or None with a fault noted."""
        if document.get(name) is None:
            self.add("", f"{name} is a required property")
            return None
        return document[name]

    def several(self, document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        """A list that may not be empty."""
        found: list[Mapping[str, Any]] = document.get(name) or []
        if not found:
            self.add(f"/{name}", "Should have at least 1 items")
        return found

    def container(self, output: Mapping[str, Any], wanted: str) -> None:
        """Holds an output's container against what its group allows."""
        settings = self.needed(output, "containerSettings")
        if settings is not None and settings.get("container") != wanted:
            self.add("/containerSettings/container", f"Should be {wanted} in this output group")

    def selector(self, audio: Mapping[str, Any], source: Source) -> str:
        """The name of the input's audio selector that an audio description uses."""
        names = list(source.audio_selectors)
        chosen = audio.get("audioSourceName", names[0] if len(names) == 1 else None)
        if chosen is None or chosen not in names:
            self.add("/audioSourceName", "Should name an audio selector of the input")
        return str(chosen)

    def destination(self, settings: Mapping[str, Any], source: S3Location) -> S3Location | None:
        """Where a group writes; a folder takes the name of the input file."""
        url = self.needed(settings, "destination")
        if url is None:
            return None
        if "$" in url:
            self.add("/destination", "Format identifiers are not supported locally")
        location = S3Location.parse(url)
        if not location.bucket:
            self.add("/destination", "Should name a bucket")
        if not location.key or location.key.endswith("/"):
            file_name = source.key.rpartition("/")[2]
            base = file_name.rpartition(".")[0] or file_name
            return S3Location(location.bucket, location.key + base)
        return location
