"""What differs between two templates, shown without what containers are told."""

from __future__ import annotations

import pytest

from safe_ops.operations.template_changes import template_changes


class TestTemplateChanges:
    @pytest.mark.parametrize("part", ["env", "args", "command", "annotations", "httpHeaders"])
    def test_what_may_hold_secrets_is_never_shown(self, part: str) -> None:
        old, new = {part: {"a": "s3cret"}}, {part: {"a": "s3cret2", "b": "s3cret3"}}
        for before, after in ((old, new), (new, old), ({}, new), (new, {})):
            assert "s3cret" not in str(template_changes(before, after))

    def test_values_that_came_or_went_are_told_from_changed_ones(self) -> None:
        changes = template_changes({"env": {"a": "1"}, "x": 1}, {"env": {"b": "1"}, "y": [1]})
        assert [(one.field, one.before, one.after) for one in changes] == [
            ("env.a", "(not shown)", "none"),
            ("env.b", "none", "(not shown)"),
            ("x", "1", "none"),
            ("y.0", "none", "1"),
        ]

    def test_what_is_null_is_absent(self) -> None:
        assert template_changes({"x": None}, {}) == ()

    def test_of_parts_with_one_name_none_is_lost(self) -> None:
        mounts = [{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/b"}]
        (change,) = template_changes(
            {"mounts": mounts}, {"mounts": [{"name": "data", "mountPath": "/c"}, mounts[1]]}
        )
        assert (change.field, change.before, change.after) == ("mounts.0.mountPath", "/a", "/c")

    def test_a_long_value_says_how_long_it_is(self) -> None:
        (change,) = template_changes({}, {"x": "y" * 500})
        assert change.after.endswith("… (500 characters)")
