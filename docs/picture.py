"""Draw the picture of the README: a chart of a sample client, as its notebook shows it.

python docs/picture.py
"""

from __future__ import annotations

from pathlib import Path

import vl_convert

from d365bench import charts, notebook
from d365bench.analysis import channels

ROOT = Path(__file__).parents[1]
CLIENT = "harborline"
PICTURE = ROOT / "docs" / "images" / "chart.png"


def main() -> None:
    """Write docs/images/chart.png; the client has to be loaded."""
    with notebook.start(CLIENT, str(ROOT / "data" / "sample")) as run:
        chart = charts.agents_by_channel(run.ask(channels.agents_by_channel))
    spec = {**chart.to_dict(), "background": "white", "padding": 16}
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))


if __name__ == "__main__":
    main()
