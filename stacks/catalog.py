"""The catalogue: its table and outbox, its routes, and what it hears from the pipeline."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Outbox,
    Route,
    TableFunctions,
    add_routes,
    subscribe,
)
from stacks.components.republish import Republish
from stacks.environment import Environment


class CatalogStack(MarqueeStack):
    """Titles for members, published from what the media pipeline finishes."""

    def __init__(
        self, scope: Construct, construct_id: str, *, env: Environment, api: HttpApiRef
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        text = dynamodb.AttributeType.STRING
        table = MarqueeTable(
            self,
            "Catalog",
            env=env,
            outbox=True,
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="shelf",
                    partition_key=dynamodb.Attribute(name="shelf", type=text),
                    sort_key=dynamodb.Attribute(name="published_at", type=text),
                )
            ],
        )
        Outbox(self, "Outbox", env=env, table=table, domain="catalog")
        Republish(
            self,
            "Republish",
            env=env,
            table=table,
            domain="catalog",
            layers=["lean"],
            actions=["dynamodb:ConditionCheckItem", "dynamodb:PutItem"],
        )

        titles = MarqueeFunction(
            self,
            "Titles",
            env=env,
            domain="catalog",
            handler="titles",
            layers=["lean"],
            environment={"TABLE_NAME": table.table.table_name},
            description="The catalogue for members",
        )
        table.table.grant(titles, "dynamodb:GetItem", "dynamodb:Query")
        add_routes(
            self,
            api=api,
            function=titles,
            routes=[
                Route("GET /v1/titles", scope="member"),
                Route("GET /v1/titles/{title_id}", scope="member"),
            ],
        )

        TableFunctions(self, env, "catalog", table.table, api).answers(
            "Markers",
            description="Lets staff say what of a title may be skipped",
            routes=[
                Route("GET /v1/titles/{title_id}/markers", scope="staff"),
                Route("PUT /v1/titles/{title_id}/markers", scope="staff"),
            ],
            may=["GetItem", "PutItem"],
        )

        publish = MarqueeFunction(
            self,
            "Publish",
            env=env,
            domain="catalog",
            handler="publish",
            layers=["lean"],
            environment={"TABLE_NAME": table.table.table_name},
            description="Publishes what the media pipeline finished, withdraws what was deleted",
        )
        table.table.grant(publish, "dynamodb:GetItem", "dynamodb:PutItem")
        subscribe(
            self,
            "AssetReady",
            function=publish,
            source=env.event_source("media"),
            detail_types=["AssetReady", "AssetDeleted"],
        )
