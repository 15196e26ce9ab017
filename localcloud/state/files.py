"""The folder that keeps a snapshot: content in files named after it, and one index of them.

The index is replaced last and at once, so that a run killed while saving leaves the snapshot
before. It knows nothing of what the content means.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

FORMAT = 1
"""Raised whenever a snapshot of before could be misread."""
_INDEX = "index.json"
_CONTENT = "content"
_COPY_BYTES = 1 << 20


class StateFormatError(Exception):
    """The folder was written by another version of the local cloud."""

    def __init__(self, folder: Path, found: object) -> None:
        age = "a newer" if isinstance(found, int) and found > FORMAT else "an older or another"
        super().__init__(
            f"{folder} was written by {age} version of the local cloud (format {found}; this one "
            f"reads format {FORMAT}). Use another DATA_DIR, or remove {folder} to start empty."
        )


class Files:
    """A snapshot's folder. Only one process at a time may use it."""

    def __init__(self, folder: Path) -> None:
        """StateFormatError when what is there cannot be read."""
        self._folder = folder
        self._content = folder / _CONTENT
        self._content.mkdir(parents=True, exist_ok=True)
        # It holds private keys.
        folder.chmod(0o700)
        self._index_text = ""
        self.index = self._read_index()

    def has(self, name: str) -> bool:
        """Whether there is content of that name."""
        return (self._content / name).exists()

    def open(self, name: str) -> IO[bytes]:
        """Content for reading."""
        return (self._content / name).open("rb")

    def lines(self, name: str) -> Iterator[Any]:
        """Content that is JSON lines."""
        with (self._content / name).open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def keep_lines(self, values: Iterable[Any]) -> str:
        """Keep values as JSON lines; the content's name."""
        text = "".join(f"{_json(value)}\n" for value in values).encode()
        name = f"{hashlib.sha256(text).hexdigest()[:32]}.jsonl"
        if not self.has(name):
            self._write(self._content / name, [text])
        return name

    def keep_stream(self, name: str, source: IO[bytes]) -> None:
        """Keep what a file holds from its position on, under a name that stands for it."""
        blocks = iter(lambda: source.read(_COPY_BYTES), b"")
        self._write(self._content / name, blocks)

    def commit(self, index: Mapping[str, Any], *, named: set[str]) -> None:
        """Make this the snapshot, and remove content that it does not name."""
        text = _json({"format": FORMAT, **index})
        if text != self._index_text:
            self._write(self._folder / _INDEX, [text.encode()])
            self._index_text = text
            self.index = json.loads(text)
        for path in self._content.iterdir():
            if path.name not in named:
                path.unlink(missing_ok=True)

    def _read_index(self) -> dict[str, Any]:
        path = self._folder / _INDEX
        if not path.exists():
            return {}
        try:
            index = json.loads(path.read_text(encoding="utf-8"))
            found = index.get("format")
        except (ValueError, AttributeError):
            found, index = "unreadable", {}
        if found != FORMAT:
            raise StateFormatError(self._folder, found)
        self._index_text = path.read_text(encoding="utf-8")
        assert isinstance(index, dict)
        return index

    def _write(self, path: Path, blocks: Iterable[bytes]) -> None:
        """Write beside it and rename: a reader sees all of it or nothing."""
        partial = path.with_name(f"{path.name}.partial")
        with partial.open("wb") as file:
            for block in blocks:
                file.write(block)
        os.replace(partial, path)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
