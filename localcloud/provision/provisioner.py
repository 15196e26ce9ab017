"""Deploys an assembly to the local cloud: stack by stack, each resource after those it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.assembly import Assembly, AssemblyError, Stack
from localcloud.intrinsics import (
    NO_VALUE,
    IntrinsicError,
    Scope,
    UnresolvedError,
    resolve,
)
from localcloud.provision import checks, dynamic, naming
from localcloud.provision.errors import (
    DeploymentRefused,
    ProvisioningError,
    Refusal,
    UnsupportedTemplateError,
)
from localcloud.provision.order import creation_order
from localcloud.provision.ports import (
    AdoptKey,
    CheckIssuer,
    ClientFactory,
    FunctionsPort,
    StackHook,
)
from localcloud.provision.resources import TYPES
from localcloud.provision.rules import faults
from localcloud.provision.table import Context, MissingPropertyError, Properties
from localcloud.registry import Registry, Resource

_SELF_EXPLAINING = (AssemblyError, BotoCoreError, IntrinsicError, MissingPropertyError, Refusal)
_SSM_PARAMETER = re.compile(r"AWS::SSM::Parameter::Value<.+>")


def _keep_created(_stack: str, _logical_id: str, created_id: str) -> str:
    """A new account has no key of before."""
    return created_id


class Provisioner:
    """Creates everything that an assembly describes."""

    def __init__(
        self,
        client: ClientFactory,
        functions: FunctionsPort,
        registry: Registry,
        account: str,
        region: str,
        check_issuer: CheckIssuer,
        on_stack: StackHook,
        adopt_key: AdoptKey = _keep_created,
    ) -> None:
        self.client = client
        self.functions = functions
        self.registry = registry
        self.account = account
        self.region = region
        self.check_issuer = check_issuer
        self.on_stack = on_stack
        self.adopt_key = adopt_key
        self.outputs: dict[str, dict[str, Any]] = {}
        """Output values by stack name and output key."""
        self.exports: dict[str, Any] = {}
        """Exported values by export name, as in `Fn::ImportValue`."""

    def provision(self, assembly: Assembly) -> None:
        """Create all of it; calls `on_stack` after each stack.

        UnsupportedTemplateError before anything is created when a template holds something
        unknown; ProvisioningError or DeploymentRefused for the first resource that fails.
        """
        if found := checks.offences(assembly, self.account, self.region):
            raise UnsupportedTemplateError(found)
        for stack in assembly.stacks:
            _Deployment(self, stack).run()
            self.on_stack(stack.name)


class _Deployment:
    """One stack on its way."""

    def __init__(self, provisioner: Provisioner, stack: Stack) -> None:
        self._provisioner = provisioner
        self._stack = stack
        self._template = stack.template
        self._parameters: dict[str, Any] = {}
        self._conditions: dict[str, bool] = {}
        self._scope = Scope(
            ref=self._ref,
            attribute=self._attribute,
            import_value=self._import_value,
            condition=self._condition,
            mappings=self._template.get("Mappings", {}),
        )

    def run(self) -> None:
        resources = {
            logical_id: resource
            for logical_id, resource in self._stack.resources.items()
            if "Condition" not in resource or self._condition(resource["Condition"])
        }
        for logical_id in creation_order(resources):
            self._create(logical_id, resources[logical_id])
        self._publish_outputs()

    def _create(self, logical_id: str, resource: Mapping[str, Any]) -> None:
        cfn_type = TYPES[resource["Type"]]
        provisioner = self._provisioner

        def failed(error: Exception) -> ProvisioningError:
            kind = DeploymentRefused if isinstance(error, Refusal) else ProvisioningError
            return kind(self._stack.name, logical_id, cfn_type.name, _cause(error))

        try:
            values = self._resolve(resource.get("Properties", {}), logical_id)
            if found := list(faults(dict(cfn_type.properties), values)):
                raise UnsupportedTemplateError(found)
            properties = Properties(values)
            created = cfn_type.create(
                Context(
                    self._stack,
                    logical_id,
                    cfn_type.name,
                    provisioner.account,
                    provisioner.region,
                    provisioner.client,
                    provisioner.functions,
                    provisioner.registry,
                    provisioner.check_issuer,
                    provisioner.adopt_key,
                ),
                properties,
            )
        except Exception as error:  # moto raises anything, and the place must be named
            raise failed(error) from error
        if dropped := cfn_type.unread(properties):
            raise failed(RuntimeError(f"{', '.join(dropped)} had no effect"))
        provisioner.registry.add(
            Resource(
                self._stack.name,
                logical_id,
                cfn_type.name,
                created.physical_id,
                dict(created.attributes),
                values,
            )
        )

    def _resolve(self, value: Any, logical_id: str) -> Any:
        resolved = resolve(value, self._scope, self._stack.name, logical_id)
        return dynamic.resolve_dynamic(resolved, self._provisioner.client)

    def _publish_outputs(self) -> None:
        outputs: dict[str, Any] = {}
        for key, output in self._template.get("Outputs", {}).items():
            if "Condition" in output and not self._condition(output["Condition"]):
                continue
            outputs[key] = self._resolve(output["Value"], key)
            if "Export" in output:
                self._export(key, self._resolve(output["Export"]["Name"], key), outputs[key])
        self._provisioner.outputs[self._stack.name] = outputs

    def _export(self, key: str, name: str, value: Any) -> None:
        if name in self._provisioner.exports:
            raise DeploymentRefused(
                self._stack.name, key, "Export", f"Export with name {name} is already exported."
            )
        self._provisioner.exports[name] = value

    def _ref(self, name: str) -> Any:
        if name in self._template.get("Parameters", {}):
            return self._parameter(name)
        if name.startswith("AWS::"):
            return self._pseudo_parameter(name)
        return self._existing(name).physical_id

    def _attribute(self, logical_id: str, name: str) -> Any:
        attributes = self._existing(logical_id).attributes
        if name not in attributes:
            raise UnresolvedError(f"{logical_id} has no attribute {name}")
        return attributes[name]

    def _existing(self, logical_id: str) -> Resource:
        try:
            return self._provisioner.registry.get(self._stack.name, logical_id)
        except LookupError:
            raise UnresolvedError(f"{logical_id} does not exist") from None

    def _import_value(self, name: str) -> Any:
        try:
            return self._provisioner.exports[name]
        except KeyError:
            raise UnresolvedError(f"No export named {name} found.") from None

    def _condition(self, name: str) -> bool:
        if name not in self._conditions:
            definition = self._template.get("Conditions", {}).get(name)
            if definition is None:
                raise UnresolvedError(f"there is no condition {name}")
            self._conditions[name] = bool(
                resolve(definition, self._scope, self._stack.name, name, "Conditions")
            )
        return self._conditions[name]

    def _parameter(self, name: str) -> Any:
        if name not in self._parameters:
            declared = self._template["Parameters"][name]
            if "Default" not in declared:
                raise UnresolvedError(f"the parameter {name} has no default")
            value = declared["Default"]
            if _SSM_PARAMETER.fullmatch(declared["Type"]):
                value = dynamic.ssm_parameter(self._provisioner.client, value)
            elif declared["Type"] in {"CommaDelimitedList", "List<Number>"}:
                value = [part.strip() for part in str(value).split(",")]
            self._parameters[name] = value
        return self._parameters[name]

    def _pseudo_parameter(self, name: str) -> Any:
        region, account = self._provisioner.region, self._provisioner.account
        stack_uuid = naming.derived_uuid(f"{account}/{region}/{self._stack.name}")
        values: dict[str, Callable[[], Any]] = {
            "AWS::AccountId": lambda: account,
            "AWS::NoValue": lambda: NO_VALUE,
            "AWS::Partition": lambda: "aws",
            "AWS::Region": lambda: region,
            "AWS::StackId": lambda: (
                f"arn:aws:cloudformation:{region}:{account}:stack/{self._stack.name}/{stack_uuid}"
            ),
            "AWS::StackName": lambda: self._stack.name,
            "AWS::URLSuffix": lambda: "amazonaws.com",
        }
        if name not in values:
            raise UnresolvedError(f"the pseudo parameter {name} is not supported")
        return values[name]()


def _cause(error: Exception) -> str:
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        return f"{error.operation_name}: {details.get('Code')}: {details.get('Message')}"
    if isinstance(error, _SELF_EXPLAINING):
        return str(error)
    return f"{type(error).__name__}: {error}"
