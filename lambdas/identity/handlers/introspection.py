"""Tells resource servers about tokens, and signed-in clients about who signed in."""

from __future__ import annotations

import os

from identity import settings
from identity.accounts.limits import RESOURCE_SERVERS_REFUSED, USERINFO_REFUSED
from identity.accounts.store import DynamoAnnouncements, DynamoLimits
from identity.oauth.refusals import Refusals
from identity.oauth.resource_servers import SecretResourceServers
from identity.oauth.routes import introspection
from identity.oauth.sessions import Introspection, TokenReader
from identity.oauth.store import DynamoGrants
from identity.store import DynamoAccounts
from identity.token_keys import key_set
from kernel.aws.dynamodb import dynamodb
from kernel.aws.json_client import KMS, SECRETS_MANAGER, AwsJson
from kernel.clock import utc_now
from kernel.web.payload import answering

_dynamodb = dynamodb(os.environ)
_limits = DynamoLimits(_dynamodb, settings.table_name())
_announcements = DynamoAnnouncements(_dynamodb, settings.table_name())
_keys = key_set(AwsJson(KMS, os.environ))
_service = Introspection(
    accounts=DynamoAccounts(_dynamodb, settings.table_name()),
    grants=DynamoGrants(_dynamodb, settings.table_name()),
    reader=TokenReader(_keys, settings.issuer(), utc_now),
    limits=_limits,
    announcements=_announcements,
    clock=utc_now,
)
_resource_servers = SecretResourceServers(
    AwsJson(SECRETS_MANAGER, os.environ), settings.resource_server_secret(), utc_now
)
handler = answering(
    introspection(
        _service,
        _resource_servers,
        servers_refused=Refusals(_limits, _announcements, RESOURCE_SERVERS_REFUSED, utc_now),
        tokens_refused=Refusals(_limits, _announcements, USERINFO_REFUSED, utc_now),
    )
)
