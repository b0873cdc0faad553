"""JSON lines, Parquet and Delta files of one table: typed by their format, one file at a time."""

from __future__ import annotations

from d365bench.errors import ExportError, QueryError
from d365bench.ingest import landing, refusals
from d365bench.ingest.desk import Desk, origin
from d365bench.ingest.finding import Finding, LinesSource, ParquetSource, positions
from d365bench.ingest.tables import Table
from d365bench.store import Relation


class TypedReader:
    """Takes typed files to the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._store = desk, desk.store

    def take(self, table: Table, finding: Finding) -> None:
        """Read one file, or refuse it."""
        try:
            self._desk.append(table, self.rows(table, finding))
        except QueryError as exc:
            finding.refuse(refusals.BROKEN_FILE.format(reason=str(exc).splitlines()[0]))
        except ExportError as exc:
            finding.refuse(str(exc))

    def count(self, finding: Finding) -> int:
        """How many rows a file holds that is of no use to us."""
        if isinstance(finding.source, ParquetSource):
            return self._store.parquet_rows(finding.source.paths)
        return sum(self._desk.counted(landing.lines(self._store, self._desk.path(finding))).values())

    def rows(self, table: Table, finding: Finding, *, second_look: bool = False) -> Relation:
        """The rows of a file in landing form; at a second look numbered."""
        place = origin([finding])
        if isinstance(finding.source, ParquetSource):
            order = self._byte_order(table, finding.source)
            return landing.parquet_rows(self._store, table, finding.source, place, order, second_look=second_look)
        assert isinstance(finding.source, LinesSource)
        path = self._desk.path(finding)
        return landing.line_rows(self._store, table, finding.source, path, place, second_look=second_look)

    def _byte_order(self, table: Table, source: ParquetSource) -> str | None:
        """The one byte order in which 16-byte GUIDs are ids that other files know; an ExportError where none is."""
        places = positions(table, source.columns, id_column=source.id_column).values()
        binary = sorted(name for place in places if (name := source.columns[place]) in source.binary)
        if not binary:
            return None
        matches = {}
        self._store.append("known_id", "stage/known")
        for order in landing.BYTE_ORDERS:
            self._store.name_relation("candidate", landing.ids(self._store, source, binary, order))
            matches[order] = self._store.query("stage/recognised").item()
        known = [order for order, n in matches.items() if n]
        if len(known) != 1:
            raise ExportError(refusals.BINARY_GUIDS.format(columns=", ".join(binary)))
        return known[0]
