"""The PromQL tool: guarded queries of metrics servers, answered as summaries."""
