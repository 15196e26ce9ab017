"""Rules of cdk-nag that a construct does not follow, each with the reason in this system."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """State why a rule, with its finding in brackets where it has one, is not followed here."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
