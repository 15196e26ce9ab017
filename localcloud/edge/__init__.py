"""CloudFront as the template declares it: behaviours, signatures, functions, cache, origins."""

from localcloud.edge.edge import CountryOf, Edge
from localcloud.edge.functions import NodeWorker
from localcloud.edge.kvs import KeyValueStores
from localcloud.edge.origins import Dispatch, ReadObject
from localcloud.edge.policies import UnsupportedDistributionError

__all__ = [
    "CountryOf",
    "Dispatch",
    "Edge",
    "KeyValueStores",
    "NodeWorker",
    "ReadObject",
    "UnsupportedDistributionError",
]
