"""What no linter says: rules of this code base, read off its syntax trees."""

from __future__ import annotations

import ast
import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import settings
from bot.adapters.slack.manifest import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PRODUCT = sorted(chain((ROOT / "bot").rglob("*.py"), (ROOT / "safe_ops").rglob("*.py")))
CODE = [path for path in PRODUCT if "versions" not in path.parts]
EVERYTHING = sorted(chain(CODE, (ROOT / "tests").rglob("*.py"), (ROOT / "prompts").rglob("*.py")))

# A file of more lines has a second purpose; style.md refuses it.
MODULE_MAX_LINES = 400

BANNED_WORDS = {
    "manager",
    "helper",
    "helpers",
    "util",
    "utils",
    "handler",
    "data",
    "info",
    "process",
}
# Names that are a library's, not ours.
BORROWED_NAMES = {
    "SocketModeHandler",
    "SlackRequestHandler",
    "exception_handlers",
    "StreamHandler",
} | {
    "process_bind_param",
    "process_result_value",
}

# Here a manager is a person: the second of the two tiers that approve.
TIER_NAMES = {"MANAGER", "PENDING_MANAGER", "manager", "manager_wait_s"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CODE, ids=named)
def test_no_module_catches_everything(path: Path) -> None:
    broad = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or any(
                isinstance(part, ast.Name) and part.id in {"Exception", "BaseException"}
                for part in ast.walk(node.type)
            )
        )
    ]
    assert broad == []


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_no_module_has_outgrown_its_purpose(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_MAX_LINES


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_every_module_says_why_it_exists(path: Path) -> None:
    if path.parent.name.startswith("test") or path.name.startswith("test_"):
        return
    assert ast.get_docstring(tree(path))


@pytest.mark.parametrize("path", [p for p in CODE if p.name == "__init__.py"], ids=named)
def test_packages_hold_only_their_docstring(path: Path) -> None:
    (only,) = tree(path).body
    assert isinstance(only, ast.Expr)


@pytest.mark.parametrize("path", CODE, ids=named)
def test_log_events_are_constants(path: Path) -> None:
    computed = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"log", "_log", "logger"}
        and node.func.attr in {"debug", "info", "warning", "error", "exception", "critical"}
        and not (node.args and isinstance(node.args[0], ast.Constant))
    ]
    assert computed == []


def defined_names(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


@pytest.mark.parametrize("path", CODE, ids=named)
def test_names_are_the_words_of_the_field(path: Path) -> None:
    words = {
        # Slack's own block is called data_table.
        name: set(
            re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
            .casefold()
            .replace("data_table", "")
            .split("_")
        )
        for name in defined_names(tree(path))
        if name not in BORROWED_NAMES | TIER_NAMES
    }
    assert {name for name, parts in words.items() if parts & BANNED_WORDS} == set()


def string_constants(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value


def test_every_job_that_is_rung_exists() -> None:
    jobs = {
        node.name
        for node in tree(ROOT / "bot/entrypoints/jobs.py").body
        if isinstance(node, ast.FunctionDef)
    }
    rung = {
        argument.value
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "ring"
        for argument in node.args[1:2]
        if isinstance(argument, ast.Constant)
    }
    assert rung
    assert rung <= jobs


def test_the_readme_lists_every_setting_and_no_other() -> None:
    table = re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(settings.variable_names())


def test_the_manifest_can_be_read() -> None:
    assert manifest()["display_information"]["name"] == "Nightdesk"
