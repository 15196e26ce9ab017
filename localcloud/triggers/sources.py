"""All event source mappings of the template, started and stopped together."""

from __future__ import annotations

from localcloud.registry import Registry
from localcloud.triggers.clients import Clients
from localcloud.triggers.destinations import Destinations
from localcloud.triggers.mappings import FunctionsPort, MappingConfig, parse_mapping
from localcloud.triggers.queues import QueueMapping
from localcloud.triggers.streams import StreamMapping
from localcloud.triggers.wakeups import Waker


class EventSources:
    """Polls streams and queues for functions."""

    def __init__(
        self,
        registry: Registry,
        functions: FunctionsPort,
        clients: Clients,
        destinations: Destinations,
    ) -> None:
        self._registry = registry
        self._functions = functions
        self._clients = clients
        self._destinations = destinations
        self._waker = Waker()
        self._mappings: list[StreamMapping | QueueMapping] = []

    def start(self) -> None:
        """Start every enabled mapping. SourceRefusedError names the first that cannot work."""
        for resource in self._registry.by_type("AWS::Lambda::EventSourceMapping"):
            config = parse_mapping(resource)
            if config is not None:
                mapping = self._mapping(config)
                mapping.start()
                self._mappings.append(mapping)

    def stop(self) -> None:
        """Fetch nothing more."""
        for mapping in self._mappings:
            mapping.stop()
        self._waker.stop()

    def positions(self) -> dict[str, list[dict[str, str]]]:
        """By stream ARN: for each of its mappings, the last sequence number dealt with by shard."""
        found: dict[str, list[dict[str, str]]] = {}
        for mapping in self._mappings:
            if isinstance(mapping, StreamMapping):
                found.setdefault(mapping.source_arn, []).append(mapping.positions())
        return found

    def _mapping(self, config: MappingConfig) -> StreamMapping | QueueMapping:
        if config.service == "sqs":
            return QueueMapping(config, self._functions, self._clients, self._waker)
        return StreamMapping(
            config, self._functions, self._clients, self._destinations, self._waker
        )
