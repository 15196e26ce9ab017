"""An archive of what a domain publishes, from which its events can be replayed."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from constructs import Construct

from stacks.environment import Environment

RETENTION = Duration.days(14)
"""As far back as a reader's mistake may go unnoticed; older state is published again from its
tables (`commands.rebuild`)."""


class EventArchive(Construct):
    """Keeps a domain's events of the default bus. Replays reach only the rules they name."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, domain: str
    ) -> None:
        super().__init__(scope, construct_id)
        events.CfnArchive(
            self,
            "Archive",
            source_arn=Stack.of(self).format_arn(
                service="events", resource="event-bus", resource_name="default"
            ),
            event_pattern={"source": [env.event_source(domain)]},
            retention_days=RETENTION.to_days(),
            description=f"What {domain} published",
        )
