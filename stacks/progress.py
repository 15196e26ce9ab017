"""The progress tracker: its table and its routes."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeStack,
    MarqueeTable,
    Route,
    TableFunctions,
    read_beacons,
)
from stacks.environment import Environment
from stacks.signing import Signing


class ProgressStack(MarqueeStack):
    """Resume points and history per profile."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        api: HttpApiRef,
        signing: Signing,
        beacons: kinesis.IStream,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        table = MarqueeTable(self, "Progress", env=env, busy=True)
        functions = TableFunctions(self, env, "progress", table.table, api)
        functions.answers(
            "Tracker",
            handler="progress",
            description="Resume points and history of members",
            routes=[
                Route("GET /v1/progress", scope="member"),
                Route("GET /v1/progress/{title_id}", scope="member"),
                Route("GET /v1/history", scope="member"),
                Route("DELETE /v1/history", scope="member"),
                Route("DELETE /v1/history/{title_id}", scope="member"),
            ],
            may=["BatchGetItem", "PutItem", "Query", "DeleteItem"],
        )
        places = functions.listens(
            "Beacons",
            description="Keeps the places that players' beacons tell",
            to={},
            may=["BatchGetItem", "PutItem"],
            timeout=Duration.seconds(30),
            environment={"TICKET_SECRET": signing.ticket_secret.secret_arn},
        )
        read_beacons(
            self,
            "BeaconStream",
            function=places,
            stream=beacons,
            ticket_secret=signing.ticket_secret,
        )
        functions.listens(
            "Project",
            description="Keeps which episode follows which from the catalogue's events",
            to={"Titles": ("catalog", ["TitlePublished", "TitleWithdrawn"])},
            may=["GetItem", "PutItem", "DeleteItem"],
        )
        functions.listens(
            "Ends",
            description="Keeps which plays have ended, so that nothing later is believed of them",
            to={"Revoked": ("playback", ["PlayRevoked"])},
            may=["PutItem"],
        )
        functions.listens(
            "Forget",
            description="Deletes what deleted profiles have watched",
            to={"AccountDeleted": ("identity", ["AccountDeleted", "ProfileDeleted"])},
            may=["PutItem", "Query", "DeleteItem"],
        )
        functions.exports()
