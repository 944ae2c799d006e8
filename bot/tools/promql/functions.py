"""The functions and aggregations that may be used: rule P9's closed list.

Those that stable Prometheus 2.40 and later know and that return no more series than they get.
Native histograms' functions and experimental ones are left out: servers differ in them.
"""

from __future__ import annotations

OVER_TIME = frozenset(
    {
        "absent_over_time", "avg_over_time", "changes", "count_over_time", "delta", "deriv",
        "idelta", "increase", "irate", "last_over_time", "max_over_time", "min_over_time",
        "predict_linear", "present_over_time", "quantile_over_time", "rate", "resets",
        "stddev_over_time", "stdvar_over_time", "sum_over_time",
    }
)  # fmt: skip
"""Those that take a range."""

FUNCTIONS = OVER_TIME | {
    "abs", "absent", "ceil", "clamp", "clamp_max", "clamp_min", "day_of_month", "day_of_week",
    "day_of_year", "days_in_month", "exp", "floor", "histogram_quantile", "hour", "label_join",
    "label_replace", "ln", "log10", "log2", "minute", "month", "round", "scalar", "sgn", "sort",
    "sort_desc", "sqrt", "time", "timestamp", "vector", "year",
}  # fmt: skip

RANKED = frozenset({"topk", "bottomk", "limitk"})
"""Aggregations that keep as many series as their first argument says (rule P8)."""

AGGREGATIONS = RANKED | {
    "avg", "count", "group", "max", "min", "quantile", "stddev", "stdvar", "sum",
}  # fmt: skip

LOW_CARDINALITY = frozenset(
    {
        "ALERTS", "ALERTS_FOR_STATE", "alertmanager_alerts", "kube_node_info",
        "kube_node_spec_unschedulable", "kube_node_status_condition", "kubernetes_build_info",
        "node_load1", "node_load5", "node_load15", "node_memory_MemAvailable_bytes",
        "node_memory_MemTotal_bytes", "prometheus_build_info", "prometheus_tsdb_head_series", "up",
    }
)  # fmt: skip
"""Metrics with a handful of series per node or target: no matcher is asked for (rule P2)."""

COUNTER_ENDINGS = ("_total", "_count", "_sum", "_bucket")
"""By convention of the exposition formats, series of these names only grow until they reset."""
