"""Letters: the events that call for one, their queue, the function that sends, and who it sends as.

Nobody waits for a letter, and the mail service may be slow or closed: hence a queue.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.components import (
    HttpApiRef,
    MarqueeFunction,
    MarqueeStack,
    MarqueeTable,
    Route,
    TableFunctions,
    dead_letter_queue,
)
from stacks.components.alarms import PERIOD, add_alarm
from stacks.environment import Environment

SENDING = Duration.seconds(30)
"""One letter takes a second; a batch of ten may meet a slow mail service."""

UNSEEN = Duration.minutes(3)
"""SQS asks for six times the function's timeout (Lambda guide, SQS event sources)."""

LATE = Duration.minutes(10)
"""A code is good for fifteen: later than this, people have asked for another."""

TRIES = 5
"""Over a quarter of an hour, after which a code is worth nothing."""

CALLING_FOR_LETTERS = (
    "EmailVerificationRequested",
    "KnownAddressSignedUp",
    "PasswordResetRequested",
    "PasswordChanged",
    "MfaEnabled",
    "MfaDisabled",
    "RecoveryCodeUsed",
    "RecoveryCodesReplaced",
    "EmailChangeRequested",
    "EmailChanged",
    "PasskeyAdded",
    "PasskeyRemoved",
    "NewDeviceSignedIn",
    "DataExported",
    "AccountDeletionRequested",
    "AccountBlockNotice",
    "AccountUnblockNotice",
    "SecondStepsRemovedNotice",
)


class NotificationsStack(MarqueeStack):
    """What people are told by mail."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        env: Environment,
        api: HttpApiRef,
        mail_key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        self._env = env
        table = MarqueeTable(self, "Notifications", env=env)
        told = self._told_of_what_comes_back()
        function = MarqueeFunction(
            self,
            "Letters",
            env=env,
            domain="notifications",
            handler="letters",
            layers=["lean"],
            timeout=SENDING,
            environment={
                "TABLE_NAME": table.table.table_name,
                "MAIL_KEY": mail_key.key_arn,
                "SENDER": f"Marquee <{env.mail_sender}>",
                "PUBLIC_ORIGIN": env.public_origin,
                "ISSUER": env.issuer,
                "CONFIGURATION_SET": told.configuration_set_name,
            },
            description="Sends the letters that events call for",
        )
        table.table.grant(
            function,
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        )
        mail_key.grant(function, "kms:Decrypt")
        # Not by `grant_send_email`, which also lets raw messages through.
        self._sender().grant(function, "ses:SendEmail")
        # SES asks for the same right on the configuration set that a message names.
        function.role.add_to_policy(
            iam.PolicyStatement(
                actions=["ses:SendEmail"],
                resources=[
                    self.format_arn(
                        service="ses",
                        resource="configuration-set",
                        resource_name=told.configuration_set_name,
                    )
                ],
            )
        )
        self._feed(function)
        functions = TableFunctions(self, env, "notifications", table.table, api)
        functions.answers(
            "Staff",
            description="Shows staff which letters an account was sent",
            routes=[Route("GET /v1/staff/accounts/{account_id}/letters", scope="staff")],
            may=["Query"],
        )
        functions.listens(
            "Feedback",
            description="Hears which addresses take no letters",
            to={"CameBack": ("aws.ses", ["Email Bounced", "Email Complaint Received"])},
            may=["PutItem"],
        )
        functions.listens(
            "Forget",
            description="Forgets the letters of deleted accounts",
            to={"AccountDeleted": ("identity", ["AccountDeleted"])},
            may=["Query", "DeleteItem"],
        )
        functions.exports()

    def _told_of_what_comes_back(self) -> ses.ConfigurationSet:
        """SES puts bounces and complaints on the default bus, the only one that it can."""
        told = ses.ConfigurationSet(self, "Outcomes")
        told.add_event_destination(
            "Bus",
            destination=ses.EventDestination.event_bus(
                events.EventBus.from_event_bus_name(self, "DefaultBus", "default")
            ),
            events=[ses.EmailSendingEvent.BOUNCE, ses.EmailSendingEvent.COMPLAINT],
        )
        return told

    def _sender(self) -> ses.EmailIdentity:
        """The domain, proven by its own DNS; without one an address, which has to confirm."""
        env = self._env
        if env.domain is None:
            return ses.EmailIdentity(self, "Sender", identity=ses.Identity.email(env.mail_sender))
        zone = route53.PublicHostedZone.from_public_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=env.domain.hosted_zone_id, zone_name=env.domain.name
        )
        return ses.EmailIdentity(self, "Sender", identity=ses.Identity.public_hosted_zone(zone))

    def _feed(self, function: MarqueeFunction) -> None:
        env = self._env
        queue = sqs.Queue(
            self,
            "Due",
            enforce_ssl=True,
            visibility_timeout=UNSEEN,
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=TRIES, queue=dead_letter_queue(self, "Unsent", env=env)
            ),
        )
        add_alarm(
            self,
            "DueLate",
            env=env,
            metric=queue.metric_approximate_age_of_oldest_message(
                period=PERIOD, statistic="Maximum"
            ),
            threshold=LATE.to_seconds(),
            says=f"{queue.node.path}: letters wait for longer than their codes are good for. Look "
            "at the function that sends them, and at SES's sending quota.",
        )
        events.Rule(
            self,
            "Told",
            description="Something that people are told by mail",
            event_pattern=events.EventPattern(
                source=[env.event_source("identity")], detail_type=list(CALLING_FOR_LETTERS)
            ),
            targets=[
                targets.SqsQueue(
                    queue,
                    dead_letter_queue=dead_letter_queue(self, "Undelivered", env=env),
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )
        queue.grant(function, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        lambda_.CfnEventSourceMapping(
            self,
            "Taking",
            function_name=function.alias.function_arn,
            event_source_arn=queue.queue_arn,
            batch_size=10,
            function_response_types=["ReportBatchItemFailures"],
        )
