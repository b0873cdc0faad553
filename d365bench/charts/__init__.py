"""Charts: a frame in, an Altair chart out; no query, no display, no global theme."""

from __future__ import annotations

import d365bench.lean  # noqa: F401  (first: before anything below imports altair)

# isort: split
from d365bench.charts.backtest import error_costs, error_rates
from d365bench.charts.channels import agents_by_channel, idle_agents, interactions_per_agent
from d365bench.charts.comparison import comparison_bridge
from d365bench.charts.concurrency import agents_at_a_time, agents_by_day
from d365bench.charts.editions import enterprise_blockers, environment_room, seats_by_edition
from d365bench.charts.estate import activity_by_week, coverage_spans, people_by_action
from d365bench.charts.negotiation import channel_premium, counter_arguments, levers, price_protection
from d365bench.charts.renewal import baseline, contract_days, cost_of_delay, envelope_bridge, scenario_costs
from d365bench.charts.seat_mix import money_bridge, seats_by_product, withheld_by_hold
from d365bench.charts.sensitivity import tornado
from d365bench.charts.team_members import deciding_cases, people_by_verdict, verdicts_by_cases
from d365bench.charts.theme import Chart, draw_in_jupyterlab, mime_bundle

__all__ = [
    "Chart",
    "activity_by_week",
    "agents_at_a_time",
    "agents_by_channel",
    "agents_by_day",
    "baseline",
    "channel_premium",
    "comparison_bridge",
    "contract_days",
    "cost_of_delay",
    "counter_arguments",
    "coverage_spans",
    "deciding_cases",
    "draw_in_jupyterlab",
    "enterprise_blockers",
    "envelope_bridge",
    "environment_room",
    "error_costs",
    "error_rates",
    "idle_agents",
    "interactions_per_agent",
    "levers",
    "mime_bundle",
    "money_bridge",
    "people_by_action",
    "people_by_verdict",
    "price_protection",
    "scenario_costs",
    "seats_by_edition",
    "seats_by_product",
    "tornado",
    "verdicts_by_cases",
    "withheld_by_hold",
]
