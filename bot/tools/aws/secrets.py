"""`aws secrets`: the secrets a task or function refers to, and whether they are there.

Metadata only: names, ages, rotation, deletion. No value is ever asked for, and none could be: the
operations that return values are refused by the read policy (B4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.cloud import MissingError
from bot.tools.aws.answer import answered, nothing
from bot.tools.aws.rendering import grid, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "secrets"
MAX_REFERENCES = 40
SUBJECT = re.compile(r"(?P<kind>task|function|secret|parameter)/(?P<name>[\w/:.@$+=,-]{1,512})")

_SECRET_ARN = re.compile(
    r"arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:(?P<name>[\w/+=.@-]+)"
    r"(?::(?P<key>[^:]*))?(?::(?P<stage>[^:]*))?(?::(?P<version>[^:]*))?"
)
_PARAMETER_ARN = re.compile(r"arn:[\w-]+:ssm:[\w-]+:\d{12}:parameter(?P<name>/?[\w/.-]+)")
_SECRET_VARIABLE = re.compile(r"(?i)secret[_-]?(?:name|id|arn)$")
_PARAMETER_VARIABLE = re.compile(r"(?i)(?:ssm|param(?:eter)?)[_-]?(?:name|path|arn)$")
_COLUMNS = ("USED AS", "KIND", "NAME", "STATE", "CHANGED", "DETAIL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One place where a configuration names a secret."""

    used_as: str
    """Variable or field that names it."""
    kind: str
    """`secret` or `parameter`."""
    name: str
    """Name or ARN, without the parts behind a secret's ARN."""
    key: str = ""
    stage: str = ""


def look_at_secrets(reading: Reading, of: str) -> Answer:
    """Return each secret a subject refers to, with what AWS tells of it besides its value."""
    subject = SUBJECT.fullmatch(of)
    if subject is None:
        raise ToolError(
            "write `of` as function/NAME, task/FAMILY or task/FAMILY:REVISION, secret/NAME or"
            " parameter/NAME"
        )
    references = list(_references(reading, subject["kind"], subject["name"]))
    if not references:
        return nothing(SOURCE, f"{of} refers to no secret and no parameter", reading)
    if len(references) > MAX_REFERENCES:
        reading.gaps.append(f"{len(references) - MAX_REFERENCES} more references of {of}")
    rows = [_row(reading, one) for one in references[:MAX_REFERENCES]]
    ill = sum(row[3] != "present" for row in rows)
    head = f"{of} refers to {len(rows)} secrets and parameters; {ill} of them not present"
    return answered(SOURCE, [head], reading, table=grid(_COLUMNS, rows))


def _references(reading: Reading, kind: str, name: str) -> Iterator[Reference]:
    if kind in {"secret", "parameter"}:
        yield Reference(used_as="-", kind=kind, name=name)
    elif kind == "function":
        configuration = reading.read("lambda", "get_function_configuration", FunctionName=name)
        variables = (configuration.get("Environment") or {}).get("Variables") or {}
        for variable, value in variables.items():
            yield from _of_variable(variable, str(value))
    else:
        found = reading.read("ecs", "describe_task_definition", taskDefinition=name)
        for container in (found.get("taskDefinition") or {}).get("containerDefinitions", []):
            yield from _of_container(container)


def _of_container(container: Content) -> Iterator[Reference]:
    for one in container.get("secrets", []):
        yield _of_task(str(one.get("name")), str(one.get("valueFrom")))
    for one in (container.get("logConfiguration") or {}).get("secretOptions", []):
        yield _of_task(f"log option {one.get('name')}", str(one.get("valueFrom")))
    registry = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
    if registry:
        yield _of_task("registry credentials", str(registry))
    for one in container.get("environment", []):
        yield from _of_variable(str(one.get("name")), str(one.get("value")))


def _of_task(used_as: str, value: str) -> Reference:
    found = _from_arn(used_as, value)
    # ECS takes a bare name for a parameter of the same region.
    return found or Reference(used_as=used_as, kind="parameter", name=value)


def _of_variable(variable: str, value: str) -> Iterator[Reference]:
    found = _from_arn(variable, value)
    if found is not None:
        yield found
    elif value.startswith("\u2039"):
        return
    elif _SECRET_VARIABLE.search(variable):
        yield Reference(used_as=variable, kind="secret", name=value)
    elif _PARAMETER_VARIABLE.search(variable):
        yield Reference(used_as=variable, kind="parameter", name=value)


def _from_arn(used_as: str, value: str) -> Reference | None:
    secret = _SECRET_ARN.fullmatch(value)
    if secret is not None:
        arn = value[: secret.end("name")]
        return Reference(
            used_as=used_as,
            kind="secret",
            name=arn,
            key=secret["key"] or "",
            stage=secret["stage"] or "",
        )
    parameter = _PARAMETER_ARN.fullmatch(value)
    if parameter is not None:
        return Reference(used_as=used_as, kind="parameter", name=parameter["name"])
    return None


def _row(reading: Reading, one: Reference) -> tuple[Any, ...]:
    shown = one.name.rpartition(":secret:")[2]
    try:
        found = _secret(reading, one) if one.kind == "secret" else _parameter(reading, one)
    except MissingError:
        found = ("MISSING", None, "")
    except DeniedError as error:
        reading.gaps.append(f"{one.kind} {shown}: denied: {error}")
        found = ("not read", None, "denied")
    except (UpstreamError, ToolError) as error:
        reading.gaps.append(f"{one.kind} {shown}: {error}")
        found = ("not read", None, "")
    state, changed, detail = found
    return one.used_as, one.kind, shown, state, changed, detail


def _secret(reading: Reading, one: Reference) -> tuple[str, Any, str]:
    found = reading.read("secretsmanager", "describe_secret", SecretId=one.name)
    stages = {stage for held in (found.get("VersionIdsToStages") or {}).values() for stage in held}
    details = [
        f"key {one.key}" if one.key else "",
        f"rotated {when(found['LastRotatedDate'])}" if found.get("LastRotatedDate") else "",
        f"last used {when(found['LastAccessedDate'])}" if found.get("LastAccessedDate") else "",
    ]
    if found.get("DeletedDate"):
        return f"DELETED {when(found['DeletedDate'])}", found.get("LastChangedDate"), ""
    if one.stage and one.stage not in stages:
        details.append(f"stages: {', '.join(sorted(stages)) or 'none'}")
        state = f"NO VERSION {one.stage}"
    else:
        state = "present"
    return state, found.get("LastChangedDate"), ", ".join(part for part in details if part)


def _parameter(reading: Reading, one: Reference) -> tuple[str, Any, str]:
    found = reading.read(
        "ssm",
        "describe_parameters",
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [one.name]}],
    )
    if not found.get("Parameters"):
        raise MissingError(f"there is no parameter {one.name}")
    parameter = found["Parameters"][0]
    detail = f"{parameter.get('Type')}, version {parameter.get('Version')}"
    return "present", parameter.get("LastModifiedDate"), detail
