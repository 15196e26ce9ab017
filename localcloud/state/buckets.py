"""S3 objects with all their versions, content by ETag and size."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from moto.backends import get_backend
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey

from localcloud.registry import Registry
from localcloud.state.files import Files
from localcloud.state.tables import place_of

_NOT_KEPT = frozenset(
    {"account_id", "region_name", "partition", "bucket_name", "disposed", "contentsize"}
)
"""Attributes of moto's object that say where it is; what else is plain is kept as it is."""


class Buckets:
    """Reads and writes moto's buckets."""

    def __init__(self, registry: Registry, account: str, region: str) -> None:
        self._registry = registry
        self._account = account
        self._region = region
        self._backend = get_backend("s3")[account]["aws"]

    def save(self, files: Files) -> dict[str, list[dict[str, Any]]]:
        """Keep content that is not there yet; each bucket's versions in order, by its place."""
        found = {}
        for place, bucket in self._buckets():
            versions = []
            for key_versions in list(bucket.keys._self_iterable().values()):
                for version in list(key_versions):
                    described = self._describe(files, version)
                    if described is not None:
                        versions.append(described)
            found[place] = versions
        return found

    def restore(self, files: Files, saved: Mapping[str, str]) -> None:
        """Put objects back; nobody is notified."""
        for place, bucket in self._buckets():
            if place in saved:
                for described in files.lines(saved[place]):
                    self._put(files, bucket, described)

    def _buckets(self) -> Iterator[tuple[str, FakeBucket]]:
        for resource in self._registry.by_type("AWS::S3::Bucket"):
            bucket = self._backend.buckets.get(resource.physical_id)
            if bucket is not None:
                yield place_of(resource), bucket

    def _describe(self, files: Files, version: Any) -> dict[str, Any] | None:
        """None for an object that was deleted meanwhile."""
        if isinstance(version, FakeDeleteMarker):
            modified = version.last_modified.isoformat()
            return {"marker": True, "name": version.name, "version": version.version_id,
                    "modified": modified}  # fmt: skip
        try:
            content = f"{version.etag.strip(chr(34))}-{version.size}"
            if not files.has(content):
                with version.lock:
                    version._value_buffer.seek(0)
                    files.keep_stream(content, version._value_buffer)
        except ValueError:
            return None
        plain = {
            name: value
            for name, value in vars(version).items()
            if name not in _NOT_KEPT and isinstance(value, str | int | float | bool | None)
        }
        return {
            "name": version.name,
            "content": content,
            "attributes": plain,
            "metadata": dict(version.metadata),
            "modified": version.last_modified.isoformat(),
            "tags": self._backend.tagger.get_tag_dict_for_resource(version.arn),
        }

    def _put(self, files: Files, bucket: FakeBucket, described: Mapping[str, Any]) -> None:
        name = described["name"]
        before = [one for one in bucket.keys.getlist(name, []) if bucket.is_versioned]
        if described.get("marker"):
            marker = FakeDeleteMarker(before[-1]) if before else None
            if marker is not None:
                marker._version_id = described["version"]
                marker.last_modified = datetime.fromisoformat(described["modified"])
                bucket.keys.setlist(name, [*before, marker])
            return
        key = FakeKey(
            name=name,
            value=b"",
            account_id=self._account,
            region_name=self._region,
            bucket_name=bucket.name,
        )
        with files.open(described["content"]) as content:
            shutil.copyfileobj(content, key._value_buffer)
            key.contentsize = content.tell()
        vars(key).update(described["attributes"])
        key._etag = described["content"].rpartition("-")[0]
        key._is_versioned = bucket.is_versioned
        key.last_modified = datetime.fromisoformat(described["modified"])
        key.set_metadata(dict(described["metadata"]))
        bucket.keys.setlist(name, [*before, key])
        if described["tags"]:
            tags = [{"Key": tag, "Value": value} for tag, value in described["tags"].items()]
            self._backend.tagger.tag_resource(key.arn, tags)


def contents(versions: Iterable[Mapping[str, Any]]) -> set[str]:
    """The content that versions name."""
    return {version["content"] for version in versions if "content" in version}
