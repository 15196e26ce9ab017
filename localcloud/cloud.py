"""Puts the parts of the local cloud together and brings a cloud assembly up on them.

The order is a deployment's: the endpoint first, then stack by stack, then what an earlier run
left, and only then deliveries between services and viewers at the edge.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from botocore.exceptions import ClientError

from localcloud import sigv4
from localcloud.assembly import Assembly, AssemblyError
from localcloud.edge import Edge, KeyValueStores
from localcloud.failures import CannotRunError
from localcloud.front import Front
from localcloud.functions import Functions
from localcloud.functions.invocation import AsyncOutcome
from localcloud.gateway import Gateway, IamCaller, IamRefusedError
from localcloud.gateway.put_record import ServiceRefusedError
from localcloud.iam import usage
from localcloud.iam.authorizer import NotAuthorizedError
from localcloud.iam.policy import Access
from localcloud.identities import Credentials, Principal
from localcloud.mailbox import Mailbox
from localcloud.mediaconvert import MediaConvert
from localcloud.ports import LOOPBACK, SECOND_LOOPBACK, Ports, second_cdn
from localcloud.provision import Provisioner
from localcloud.provision.errors import ProvisioningError, UnsupportedTemplateError
from localcloud.registry import Registry
from localcloud.serve import Server, serve
from localcloud.ses import Ses
from localcloud.state import State
from localcloud.state.files import StateFormatError
from localcloud.triggers.clients import RoleClients
from localcloud.triggers.destinations import Destinations
from localcloud.triggers.eventbus import EventBus
from localcloud.triggers.invocations import AsyncInvocations, TwiceInvoked
from localcloud.triggers.permissions import Permissions
from localcloud.triggers.replication import Replication
from localcloud.triggers.s3 import S3Events
from localcloud.triggers.schedule_targets import ScheduleTargets
from localcloud.triggers.schedules import Schedules
from localcloud.triggers.sources import EventSources
from localcloud.triggers.states import StatesEvents
from localcloud.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PERMISSIONS_USED = "iam-usage.json"
"""In DATA_DIR, after a stop: every role's grants, and which of them were needed."""

LOOPBACK_COUNTRY = "IE"
"""Where viewers on this machine are said to be: the country of the region eu-west-1."""


@dataclass(frozen=True)
class _Caller:
    """Who sent a request to MediaConvert, as far as it reads S3 in their name."""

    front: Front
    principal: Principal

    def s3_client(self) -> S3Client:
        """An S3 client with the caller's own rights."""
        if self.principal.is_admin or self.principal.role_arn is None:
            return self.front.client("s3")  # type: ignore[no-any-return] # clients are untyped
        keys = self.front.identities.assume(self.principal.role_arn, "mediaconvert-probe")
        return self.front.client("s3", keys)  # type: ignore[no-any-return] # as above


class Cloud:
    """One running local cloud."""

    def __init__(
        self, ports: Ports, data_dir: Path, node_path: Path, *, duplicates: bool = False
    ) -> None:
        """With `duplicates`, every event and every batch of records is delivered twice."""
        self._ports = ports
        self._data_dir = data_dir
        self._node_path = node_path
        self._servers: list[Server] = []
        self._edges: list[Edge] = []
        self.registry = Registry()
        self.front = Front()
        account, region = self.front.account, self.front.region
        endpoint = self.front.listen(ports.aws)
        self.functions = Functions(
            data_dir, endpoint, region, account, self._lambda_credentials, registry=self.registry
        )
        self.gateway = Gateway(
            self.registry,
            self.functions,
            verify_iam=self._verify_iam,
            put_record=self._put_record,
            account_id=account,
            region=region,
        )
        self._gateway_clients = RoleClients(
            endpoint, region, self._gateway_credentials, self.front.identities.admin()
        )
        clients = RoleClients(
            endpoint, region, self._service_credentials, self.front.identities.admin()
        )
        permissions = Permissions(self.registry, account)
        # Permissions of functions are the templates', not moto's.
        self.front.resources.use_resource_policies("lambda", permissions.function_policy)
        self._invocations = AsyncInvocations(self.functions)
        self.bus = EventBus(
            self.registry,
            self._invocations,
            clients,
            region=region,
            account=account,
            duplicates=duplicates,
        )
        destinations = Destinations(self.registry, self.functions, clients, self.bus)

        def on_async_outcome(outcome: AsyncOutcome) -> None:
            destinations.on_async_outcome(outcome)
            self._invocations.on_outcome(outcome)

        self.functions.report_async_outcomes(on_async_outcome)
        self._sources = EventSources(
            self.registry,
            TwiceInvoked(self.functions) if duplicates else self.functions,
            clients,
            destinations,
        )
        self._schedules = Schedules(
            self.registry,
            self.bus,
            ScheduleTargets(
                RoleClients(
                    endpoint, region, self._scheduler_credentials, self.front.identities.admin()
                ),
                account=account,
                region=region,
                duplicates=duplicates,
            ),
            self.front.client,
            account=account,
            region=region,
        )
        self._s3_events = S3Events(self.registry, self.bus, account=account)
        self._replication = Replication(
            self.registry, self._check_role, self.front.resources.copy_object
        )
        self.mediaconvert = MediaConvert(
            region,
            account,
            self._s3_for_role,
            self._post_to_key_server,
            self._emit,
            data_dir / "mediaconvert",
            time.time,
        )
        self.front.register("lambda", self.functions.handle)
        self.front.register("events", self.bus.handle)
        self.front.register("mediaconvert", self._mediaconvert)
        self.ses = Ses(self._may_send, region, emit=self._emit, account=account)
        self.front.register("ses", self.ses.handle)
        self.key_value_stores = KeyValueStores(self.registry)
        self.front.register("cloudfront-keyvaluestore", self.key_value_stores.handle)
        self._state = State(
            data_dir, self.registry, self.front.client, positions=self._sources.positions
        )
        for name, part in (
            ("archives", self.bus.archives),
            ("mediaconvert", self.mediaconvert),
            ("events", self.bus),
            ("invocations", self._invocations),
            ("schedules", self._schedules),
        ):
            self._state.attach(name, part)
        self._state.attach("key_value_stores", self.key_value_stores)
        self._provisioner = Provisioner(
            # A deployment makes a hundred calls; making a client costs as much as five of them.
            client=cache(self.front.client),
            functions=self.functions,
            registry=self.registry,
            account=account,
            region=region,
            check_issuer=self.gateway.check_issuer,
            on_stack=self._serve_its_api,
            adopt_key=self._state.adopt_key,
        )

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """Stack outputs, as `cdk deploy --outputs-file` writes them."""
        return self._provisioner.outputs

    @property
    def command_environment(self) -> dict[str, str]:
        """What an operator's shell has: the administrator's keys and the endpoint."""
        keys = self.front.identities.admin()
        return {
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_DEFAULT_REGION": self.front.region,
            "AWS_ENDPOINT_URL": self.front.url,
        }

    def deploy_from(self, folder: Path) -> None:
        """`deploy` what a folder holds; CannotRunError says what stands in the way."""
        try:
            self.deploy(Assembly.load(folder))
        except (AssemblyError, UnsupportedTemplateError) as error:
            raise CannotRunError(str(error)) from error
        except ProvisioningError as error:
            raise CannotRunError(
                f"The templates could not be deployed to this machine.\n{error}"
            ) from error

    def deploy(self, assembly: Assembly) -> None:
        """Create everything, put back what an earlier run left, then deliver events."""
        self._provisioner.provision(assembly)
        self._state.restore()
        self.front.on_object_created(self._s3_events.on_object_created)
        self.front.on_object_created(self._replication.on_object_created)
        self.front.on_object_removed(self._replication.on_object_removed)
        self.front.on_execution_change(StatesEvents(self.bus).on_change)
        self.bus.start()
        self._sources.start()
        self._state.resume()
        self._schedules.start()
        self._state.start()

    def open_edge(self) -> None:
        """Let viewers in, at each CDN that this machine has an address for."""
        edge = self._new_edge()
        self._serve(edge.handle, self._ports.edge, "edge")
        if second_cdn(self._ports.edge) is not None:
            address = (SECOND_LOOPBACK, self._ports.edge)
            self._servers.append(serve(self._new_edge().handle, address, name="second edge"))

    def _new_edge(self) -> Edge:
        """One CDN: the distribution of the template with a cache and functions of its own."""
        (distribution,) = self.registry.by_type("AWS::CloudFront::Distribution")
        edge = Edge(
            distribution,
            self.registry,
            self.gateway,
            self._read_object,
            node_path=self._node_path,
            loopback_country=LOOPBACK_COUNTRY,
            read_store=self.key_value_stores.snapshot,
            account_id=self.front.account,
        )
        self._edges.append(edge)
        return edge

    def open_mailbox(self) -> str:
        """Show what was sent by e-mail on a port of its own; the address of the page."""
        mailbox = Mailbox(self.ses.sent)
        server = serve(mailbox.handle, (LOOPBACK, 0), name="mailbox")
        self._servers.append(server)
        return f"{server.url}/"

    def stop(self) -> None:
        """Stop listening, keep the state, end every process."""
        for server in self._servers:
            server.stop()
        # Noted first: what stopping interrupts is to be done by the next run.
        self._state.note_work_under_way()
        self._schedules.stop()
        self._sources.stop()
        self.bus.stop()
        self.mediaconvert.stop()
        self._replication.stop()
        self.functions.stop()
        for edge in self._edges:
            edge.stop()
        try:
            self._state.stop()
            self._write_permissions_used()
        finally:
            self.front.stop()

    def _write_permissions_used(self) -> None:
        """For whoever asks afterwards which grants nothing needed."""
        report = self.front.authorizer.usage.report(self.registry, self.front.resources)
        usage.write(report, self._data_dir / PERMISSIONS_USED)

    def _serve(self, handler: Any, port: int, name: str) -> None:
        addresses = [(LOOPBACK, port), *([("::1", port)] if _speaks_ipv6() else [])]
        self._servers.append(serve(handler, *addresses, name=name))

    def _serve_its_api(self, stack: str) -> None:
        """APIs that viewers reach without the edge. The issuer has to answer before the next stack
        names it in an authorizer."""
        for of, output, port in (
            ("identity", "AuthApiId", self._ports.issuer),
            ("beacons", "BeaconsApiId", self._ports.beacons),
        ):
            if stack.endswith(f"-{of}"):
                api_id = self._provisioner.outputs[stack][output]
                self._serve(self.gateway.serving(api_id), port, of)

    def _lambda_credentials(self, role_arn: str, session_name: str) -> Credentials:
        return self.front.identities.assume(role_arn, session_name, service="lambda.amazonaws.com")

    def _service_credentials(self, role_arn: str, session_name: str) -> Credentials:
        return self.front.identities.assume(role_arn, session_name)

    def _gateway_credentials(self, role_arn: str, session_name: str) -> Credentials:
        return self.front.identities.assume(
            role_arn, session_name, service="apigateway.amazonaws.com"
        )

    def _put_record(self, role_arn: str, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record put by an API Gateway integration in its role's name."""
        kinesis = self._gateway_clients.client("kinesis", role_arn)
        try:
            answer = kinesis.put_record(**members)
        except ClientError as error:
            refused = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise ServiceRefusedError(status, refused["Code"], refused["Message"]) from error
        return {name: answer[name] for name in ("SequenceNumber", "ShardId")}

    def _scheduler_credentials(self, role_arn: str, session_name: str) -> Credentials:
        return self.front.identities.assume(
            role_arn, session_name, service="scheduler.amazonaws.com"
        )

    def _s3_for_role(self, role_arn: str) -> S3Client:
        keys = self.front.identities.assume(
            role_arn, "mediaconvert", service="mediaconvert.amazonaws.com"
        )
        return self.front.client("s3", keys)  # type: ignore[no-any-return] # clients are untyped

    def _check_role(self, role_arn: str, action: str, resource: str) -> None:
        keys = self.front.identities.assume(role_arn, "replication", service="s3.amazonaws.com")
        principal = self.front.identities.principal(keys.access_key_id)
        if principal is None:
            raise LookupError(role_arn)
        self.front.authorizer.check(principal, action, resource)

    def _mediaconvert(self, request: HttpRequest, principal: Principal) -> HttpResponse:
        return self.mediaconvert.handle(request, _Caller(self.front, principal))

    def _may_send(self, address: str) -> bool:
        return self.front.resources.mail_identity(address, self.front.region) is not None

    def _post_to_key_server(
        self, url: str, role_arn: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> HttpResponse:
        """A SPEKE request as MediaConvert makes it: signed by the job's role for API Gateway."""
        address = urlsplit(url)
        keys = self.front.identities.assume(
            role_arn, "mediaconvert", service="mediaconvert.amazonaws.com"
        )
        request = HttpRequest(
            method="POST",
            path=address.path,
            query=address.query,
            headers=(
                ("host", address.netloc),
                *((name.lower(), value) for name, value in headers),
            ),
            body=body,
            scheme=address.scheme,
            host=address.netloc,
        )
        signed = sigv4.sign(
            request,
            access_key_id=keys.access_key_id,
            secret=sigv4.Secret(keys.secret_access_key, keys.session_token),
            region=self.front.region,
            service="execute-api",
            now=datetime.now(UTC),
        )
        return self.gateway.handle(signed)

    def _emit(
        self, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]
    ) -> None:
        """A service's own event on the default bus."""
        self.bus.emit(source, detail_type, detail, resources)

    def _verify_iam(self, request: HttpRequest, action: str, resource: str) -> IamCaller:
        """Whose signature it is, when the caller's policies allow the call."""
        identities = self.front.identities
        try:
            caller = sigv4.verify(
                request,
                secret_for=identities.secret_for,
                now=datetime.now(UTC),
                service="execute-api",
                regions=frozenset({self.front.region}),
            )
            principal = identities.principal(caller.access_key_id)
            if principal is None:
                raise IamRefusedError(f"nobody holds {caller.access_key_id}")
            self.front.authorizer.check_all(principal, [Access(action, resource)], request)
        except (sigv4.SignatureError, NotAuthorizedError) as refusal:
            raise IamRefusedError(str(refusal)) from refusal
        return IamCaller(caller.access_key_id, principal.account, principal.arn, principal.user_id)

    def _read_object(
        self, bucket: str, key: str, headers: Mapping[str, str], source_arn: str
    ) -> HttpResponse:
        """S3's answer to CloudFront, or to nobody where there is no origin access control."""
        identities = self.front.identities
        principal = (
            identities.service("cloudfront.amazonaws.com", source_arn)
            if source_arn
            else identities.anonymous
        )
        request = HttpRequest(
            method="GET",
            path=f"/{bucket}/{quote(key)}",
            headers=tuple((name.lower(), value) for name, value in headers.items()),
            scheme="https",
            host=f"s3.{self.front.region}.amazonaws.com",
        )
        return self.front.handle_as(request, principal)


def _speaks_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback, to which `localhost` may resolve first."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def open_cloud(ports: Ports, data_dir: Path, node_path: Path, *, duplicates: bool = False) -> Cloud:
    """An empty cloud that listens; CannotRunError when DATA_DIR is another version's."""
    try:
        return Cloud(ports, data_dir, node_path, duplicates=duplicates)
    except StateFormatError as error:
        raise CannotRunError(str(error)) from error
