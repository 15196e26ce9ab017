"""Who hears when something is wrong, what the account may cost, and the copies of the tables.

Made only in environments that state alerts; the other stacks' alarms know the topic by its name.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_backup as backup
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.components import MarqueeStack, acknowledge
from stacks.components.alarms import alarm_topic_name
from stacks.components.table import BACKUP_TAG
from stacks.environment import Alerts, Backup, Budget, Environment

TOLD_AT_PERCENT = ((50, "ACTUAL"), (80, "ACTUAL"), (100, "FORECASTED"))
"""Halfway is worth a look, four fifths worth a call, and a forecast leaves time to act."""

BACKUP_HOUR_UTC = 3
"""When the fewest people watch in Europe."""


class OperationsStack(MarqueeStack):
    """The alarm topic with its subscriptions, the budget and the backup plan."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        if env.alerts is not None:
            topic = self._topic(env, env.alerts)
            if env.budget is not None:
                self._watch_costs(env, env.budget, topic)
        if env.backup is not None:
            self._keep_copies(env, env.backup)

    def _topic(self, env: Environment, alerts: Alerts) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Alarms",
            topic_name=alarm_topic_name(env),
            display_name=f"Marquee {env.name}",
            enforce_ssl=True,
        )
        for service in ("cloudwatch.amazonaws.com", "budgets.amazonaws.com"):
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(service)],
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    conditions={"StringEquals": {"aws:SourceAccount": self.account}},
                )
            )
        for address in alerts.emails:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        for url in alerts.webhooks:
            topic.add_subscription(subscriptions.UrlSubscription(url))
        return topic

    def _watch_costs(self, env: Environment, budget: Budget, topic: sns.ITopic) -> None:
        subscriber = budgets.CfnBudget.SubscriberProperty(
            subscription_type="SNS", address=topic.topic_arn
        )
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"marquee-{env.name}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=budget.monthly_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for percent, kind in TOLD_AT_PERCENT
            ],
        )

    def _keep_copies(self, env: Environment, copies: Backup) -> None:
        vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=f"marquee-{env.name}",
            removal_policy=env.removal_policy,
            block_recovery_point_deletion=env.retain_data,
        )
        plan = backup.BackupPlan(self, "Daily", backup_plan_name=f"marquee-{env.name}-daily")
        plan.add_rule(
            backup.BackupPlanRule(
                rule_name="daily",
                backup_vault=vault,
                schedule_expression=events.Schedule.cron(hour=str(BACKUP_HOUR_UTC), minute="0"),
                start_window=Duration.hours(1),
                completion_window=Duration.hours(6),
                delete_after=Duration.days(copies.keep_days),
            )
        )
        role = iam.Role(self, "BackupRole", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        acknowledge(
            role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AWSBackupServiceRolePolicyForBackup]",
            "AWS Backup's own policy: what copying a table takes differs by service and changes.",
        )
        plan.add_selection(
            "Tables",
            resources=[backup.BackupResource.from_tag(BACKUP_TAG, env.name)],
            role=role,
            allow_restores=False,
        )
