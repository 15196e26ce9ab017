"""The permissions of CloudFront KeyValueStores' data plane."""

from __future__ import annotations

from collections.abc import Iterator

from localcloud.iam.actions.call import Call, UnmappedActionError
from localcloud.iam.policy import Access

_OPERATIONS = frozenset(
    {"DeleteKey", "DescribeKeyValueStore", "GetKey", "ListKeys", "PutKey", "UpdateKeys"}
)


def stores(call: Call) -> Iterator[Access]:
    """What an operation needs."""
    if call.operation.name not in _OPERATIONS:
        raise UnmappedActionError(call.operation)
    yield Access(f"cloudfront-keyvaluestore:{call.operation.name}", call.text("KvsARN"))
