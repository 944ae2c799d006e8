"""The charts of a data_visualization block as a table.

Data only, with the sources of limits. That labels equal the categories is checked in validation.
"""

from __future__ import annotations

from bot.adapters.slack import limits
from bot.adapters.slack.block_rules import Items, Num, Shape, Str, Tagged

_POINT = Shape(
    required={"label": Str(longest=limits.CHART_LABEL, shortest=1), "value": Num()},
    type_tag=False,
)
_SERIES = Shape(
    required={
        "name": Str(longest=limits.CHART_LABEL, shortest=1),
        "data": Items(each=_POINT, least=1, most=limits.CHART_CATEGORIES),
    },
    type_tag=False,
)
_AXES = Shape(
    required={
        "categories": Items(
            each=Str(longest=limits.CHART_LABEL, shortest=1),
            least=1,
            most=limits.CHART_CATEGORIES,
        )
    },
    optional={
        "x_label": Str(longest=limits.CHART_TITLE),
        "y_label": Str(longest=limits.CHART_TITLE),
    },
    type_tag=False,
)
_SERIES_CHART = Shape(
    required={
        "series": Items(each=_SERIES, least=1, most=limits.CHART_SERIES),
        "axis_config": _AXES,
    }
)
CHART = Tagged(
    table={
        "pie": Shape(required={"segments": Items(each=_POINT, least=1, most=limits.CHART_SERIES)}),
        "bar": _SERIES_CHART,
        "area": _SERIES_CHART,
        "line": _SERIES_CHART,
    }
)
