"""The `conclude` tool: the answer as the model hands it in, and how it becomes a verdict.

Field descriptions are prompt text. Nothing here is believed yet: grounding, coverage and
confidence are judged afterwards, by code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.agent.toolbox import explain, schema_of
from bot.domain.verdict import (
    Category,
    Cause,
    Hypothesis,
    HypothesisState,
    Status,
    Step,
    TimelinePoint,
    Verdict,
)
from bot.ports.model import ToolSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.agent.loop import Ending

CONCLUDE = "conclude"

MAX_SUMMARY = 1_500
MAX_TEXT = 400
MAX_CODE_CHANGE = 3_000
"""Characters; what is longer is asked for again, then cut."""

_LABEL = re.compile(r"\s*\[?\s*[eE](\d{1,5})\s*\]?\s*")

NO_ANSWER = "No conclusion was reached; the evidence collected so far is listed."
ASK_AGAIN = "Ask again with a narrower question or scope."


def _label(text: str) -> str:
    found = _LABEL.fullmatch(text)
    if found is None:
        raise ValueError("cite evidence by its label, such as E3")
    return f"E{int(found[1])}"


def _labels(value: Any) -> Any:
    return [_label(text) for text in value] if _is_texts(value) else value


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Labels = Annotated[list[str], Field(max_length=12, description="Labels such as E3")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Cited(_Part):
    evidence: Labels = []

    _normal = field_validator("evidence", mode="before")(_labels)


class HypothesisInput(_Cited):
    """One explanation."""

    statement: Text
    state: HypothesisState


class TimelineInput(_Cited):
    """One dated fact."""

    at: Annotated[str, Field(min_length=4, max_length=40, description="ISO 8601, UTC")]
    what: Text


class StepInput(_Part):
    """Something a person may do."""

    action: Text
    check: Annotated[Text, Field(description="Read-only command that would show the effect")]
    risk: Text
    undo: Text


_UNCLEAR = (
    Cause.NONE, Cause.UNKNOWN, Cause.APPLICATION_CRASH, Cause.BAD_COMMAND, Cause.MISSING_CONFIG,
    Cause.WRONG_CONFIG, Cause.PROBE_WRONG, Cause.UNSCHEDULABLE_CONSTRAINT, Cause.STORAGE,
    Cause.NETWORK, Cause.ACCESS, Cause.DEPENDENCY_DOWN, Cause.CPU_STARVED, Cause.BAD_ROLLOUT,
)  # fmt: skip
"""Causes whose code alone does not tell them from others; each word here is paid for in every
request, and the codes of the rest are sentences enough."""
_CAUSES = "; ".join(f"{cause.value}: {cause.meaning}" for cause in _UNCLEAR)


class Conclusion(_Part):
    """What the model concludes."""

    status: Annotated[
        Status,
        Field(
            description="CONFIRMED: evidence shows the cause. LIKELY: it fits, one check is "
            "missing. INCONCLUSIVE: undecided. HEALTHY: nothing is wrong."
        ),
    ]
    summary: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_SUMMARY,
            description="At most three sentences, conclusion first, in the asker's language, "
            "each fact with its label as [E1]",
        ),
    ]
    object: Annotated[
        str | None, Field(max_length=300, description="cluster/kind/namespace/name at fault")
    ] = None
    cause: Annotated[Cause, Field(description=_CAUSES)] = Cause.NONE
    category: Category = Category.NONE
    since: Annotated[str | None, Field(max_length=40, description="ISO 8601, UTC")] = None
    trigger: Annotated[str | None, Field(max_length=MAX_TEXT)] = None
    hypotheses: Annotated[list[HypothesisInput], Field(max_length=6)] = []
    timeline: Annotated[list[TimelineInput], Field(max_length=10)] = []
    mitigation: Annotated[list[StepInput], Field(max_length=4, description="Relief for now")] = []
    permanent: Annotated[list[StepInput], Field(max_length=4, description="The cure")] = []
    nothing_to_do: Annotated[bool, Field(description="True when nobody has to act now")] = False
    code_change: Annotated[
        str | None,
        Field(max_length=MAX_CODE_CHANGE, description="Specification for an engineer, if any"),
    ] = None
    next_checks: Annotated[
        list[Text],
        Field(max_length=4, description="What would decide it; two when INCONCLUSIVE"),
    ] = []

    @model_validator(mode="after")
    def _coherent(self) -> Conclusion:
        if self.nothing_to_do and (self.mitigation or self.permanent):
            raise ValueError("nothing_to_do excludes mitigation and permanent")
        if self.status is Status.INCONCLUSIVE and not self.next_checks:
            raise ValueError("INCONCLUSIVE needs next_checks: what would decide it")
        return self


def conclude_spec() -> ToolSpec:
    """Return the terminal tool as the model is told of it."""
    return ToolSpec(
        name=CONCLUDE,
        description="Hand in the answer; this ends the work. Call it once, alone, when the "
        "evidence decides the question or nothing more can be found.",
        input_schema=schema_of(Conclusion),
    )


def complaint(arguments: Mapping[str, object]) -> str | None:
    """Return what is wrong with the arguments, in words for the model; None if they are fine."""
    try:
        Conclusion.model_validate(arguments)
    except ValidationError as error:
        return explain(error)
    return None


def verdict_of(ending: Ending) -> Verdict:
    """Return the draft verdict; whatever the model left, something can be made of it.

    A conclusion of wrong form keeps the fields that are right. Without any, the model's last
    words are the summary and the status is INCONCLUSIVE.
    """
    arguments = ending.arguments or {}
    try:
        return _verdict(Conclusion.model_validate(arguments))
    except ValidationError:
        return _verdict(_salvaged(arguments, words=ending.words))


def _salvaged(arguments: Mapping[str, object], *, words: str) -> Conclusion:
    """Drop what does not fit, part by part, until the rest does."""
    kept: dict[str, Any] = {
        name: _fitted(value, name)
        for name, value in arguments.items()
        if name in Conclusion.model_fields
    }
    while True:
        # Each round removes at least one part or settles a contradiction, so this ends.
        _complete(kept, words)
        try:
            return Conclusion.model_validate(kept)
        except ValidationError as error:
            places = {one["loc"][:2] for one in error.errors(include_url=False)}
            for where in sorted(places, key=str, reverse=True):
                _drop(kept, where)


def _complete(kept: dict[str, Any], words: str) -> None:
    """Put in what every conclusion needs, and take out what contradicts it."""
    if not str(kept.get("summary") or "").strip():
        kept["summary"] = _fitted(words.strip(), "summary") or NO_ANSWER
    kept.setdefault("status", Status.INCONCLUSIVE)
    if kept["status"] == Status.INCONCLUSIVE and not kept.get("next_checks"):
        kept["next_checks"] = [ASK_AGAIN]
    if kept.get("mitigation") or kept.get("permanent"):
        kept.pop("nothing_to_do", None)


def _drop(kept: dict[str, Any], where: tuple[int | str, ...]) -> None:
    """Remove the entry of a list at fault, else the whole field."""
    name = str(where[0]) if where else ""
    entries = kept.get(name)
    if isinstance(entries, list) and len(where) > 1 and isinstance(where[1], int):
        if where[1] < len(entries):
            del entries[where[1]]
    else:
        kept.pop(name, None)


_MAX_TEXT_OF = {"summary": MAX_SUMMARY, "code_change": MAX_CODE_CHANGE}
_MAX_ENTRIES = {"hypotheses": 6, "timeline": 10, "evidence": 12}
_FEWEST_ENTRIES = 4


def _fitted(value: object, name: str) -> object:
    """Return the value with texts and lists cut to what their field takes."""
    if isinstance(value, str):
        limit = _MAX_TEXT_OF.get(name, MAX_TEXT)
        return value if len(value) <= limit else f"{value[: limit - 1]}…"
    if isinstance(value, dict):
        return {key: _fitted(part, key) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    if name == "evidence":
        value = [part for part in value if isinstance(part, str) and _LABEL.fullmatch(part)]
    return [_fitted(part, name) for part in value[: _MAX_ENTRIES.get(name, _FEWEST_ENTRIES)]]


def _verdict(said: Conclusion) -> Verdict:
    return Verdict(
        status=said.status,
        summary=said.summary,
        object=said.object or None,
        cause=said.cause,
        category=said.category,
        since=said.since or None,
        trigger=said.trigger or None,
        hypotheses=tuple(
            Hypothesis(statement=one.statement, state=one.state, evidence=tuple(one.evidence))
            for one in said.hypotheses
        ),
        timeline=tuple(
            TimelinePoint(at=one.at, what=one.what, evidence=tuple(one.evidence))
            for one in said.timeline
        ),
        mitigation=tuple(_step(one) for one in said.mitigation),
        permanent=tuple(_step(one) for one in said.permanent),
        nothing_to_do=said.nothing_to_do,
        code_change=said.code_change or None,
        next_checks=tuple(said.next_checks),
    )


def _step(said: StepInput) -> Step:
    return Step(action=said.action, check=said.check, risk=said.risk, undo=said.undo)
