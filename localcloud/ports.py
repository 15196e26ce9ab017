"""Where one local cloud listens: four addresses from the one port that a person chooses."""

from __future__ import annotations

import socket
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"

SECOND_LOOPBACK = "127.0.0.2"
"""Where the second CDN listens, on the edge's own port; not every system has this address."""

ISSUER_PORT_OFFSET = 1000
"""The issuer listens this far above the edge, so that neighbouring PORTs do not collide."""

AWS_PORT_OFFSET = 2000
"""As does the AWS endpoint."""

BEACONS_PORT_OFFSET = 3000
"""And the HTTP API that players tell."""

HIGHEST_PORT = 65535 - BEACONS_PORT_OFFSET
"""The largest PORT whose other addresses are ports too."""


@dataclass(frozen=True)
class Ports:
    """The ports of one local cloud."""

    edge: int

    @property
    def issuer(self) -> int:
        """The HTTP API `auth`."""
        return self.edge + ISSUER_PORT_OFFSET

    @property
    def aws(self) -> int:
        """The AWS endpoint."""
        return self.edge + AWS_PORT_OFFSET

    @property
    def beacons(self) -> int:
        """The HTTP API `beacons`."""
        return self.edge + BEACONS_PORT_OFFSET

    @property
    def all(self) -> tuple[int, ...]:
        """Every port."""
        return (self.edge, self.issuer, self.aws, self.beacons)


def second_cdn(port: int) -> str | None:
    """The second CDN's origin for an edge on that port; None where this machine has no place."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((SECOND_LOOPBACK, port))
        except OSError:
            return None
    return f"http://{SECOND_LOOPBACK}:{port}"
