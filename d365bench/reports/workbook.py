"""The workbook: the ledger and one sheet per question, for whoever works in a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from d365bench import outputs
from d365bench.analysis import channels, editions, estate, seat_mix, team_members_view
from d365bench.analysis.changes import changes
from d365bench.analysis.ledger import ledger
from d365bench.analysis.renewal import renewal
from d365bench.notebook import Run, changed

DEFINITIONS = (
    ("ready saving", "money that can be saved now: proved by complete, current sources"),
    ("conditional saving", "money that waits until an environment is split or trimmed"),
    ("withheld", "money behind holds: nobody's saving until somebody has answered"),
    ("exposure", "what rights would add that the work calls for and that nobody holds today"),
    ("hold", "why a need that the telemetry does not prove is kept all the same"),
    ("ready target", "the cheapest products that can be assigned before any environment is changed"),
    ("target", "the cheapest products that cover proved and held needs"),
)


def write_workbook(run: Run, path: Path) -> None:
    """Write ledger.xlsx."""
    front = [("As of", run.client.as_of), ("Thresholds", changed(run.thresholds) or "all at their defaults")]
    front += [
        (row["figure"], f"{'–' if row['value'] is None else format(row['value'], ',.2f')} {row['unit']}")
        for row in run.ask(estate.headline).iter_rows(named=True)
    ]
    outputs.write_xlsx(
        path,
        title=f"{run.client.title}: licence ledger",
        as_of=run.client.as_of,
        summary=front,
        definitions=DEFINITIONS,
        sheets=[
            outputs.Sheet("Ledger", "What was decided about each person, and why?", ledger(run.reasoned, run.client)),
            outputs.Sheet("Changes", "Which seats have to be removed or added?", run.ask(changes)),
            outputs.Sheet("Idle channels", "Who holds a channel without working it?", run.ask(channels.idle_agents)),
            outputs.Sheet("Enterprise", "What keeps people on Enterprise?", run.ask(editions.enterprise_blockers)),
            outputs.Sheet(
                "Team Members", "Which cases decide the verdicts?", run.ask(team_members_view.deciding_cases)
            ),
            outputs.Sheet("Seats", "Which seats come and go?", run.ask(seat_mix.seats_by_product)),
            outputs.Sheet("Bridge", "How does today's cost become the target's?", run.ask(seat_mix.money_bridge)),
            outputs.Sheet("Coverage", "What can the exports show?", run.ask(estate.coverage_spans)),
            outputs.Sheet("Renewal", "What would the renewal cost?", run.ask(renewal)),
        ],
    )
