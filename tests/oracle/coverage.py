"""Coverage: on which days a source could have shown work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from d365bench.sample.tenant import Tenant
from d365bench.sample.world import Row
from oracle.estate import Estate


class Truth(Estate):
    """An estate with the coverage of its sources, in percent of the window and of the look-back."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(tenant)
        sources = ("sessions", "cases", "case_history")
        self.coverage = {(e, s): self.cover(e, s) for e in self.declared for s in sources}

    def record_days(self, environment: str, source: str) -> set[date]:
        days: set[date] = set()
        asked = {"sessions": {"msdyn_sessionparticipant", "msdyn_ocsession"}, "cases": {"incident"}}.get(source, set())
        if any((environment, table) not in self.versions for table in asked):
            return days
        if source == "sessions":
            days |= {
                r["msdyn_joinedon"].date()
                for r in self.alive(environment, "msdyn_sessionparticipant")
                if r["msdyn_joinedon"]
            }
        elif source == "cases":
            for row in self.alive(environment, "incident"):
                days |= {row["createdon"].date(), row["modifiedon"].date()}
            days |= {r["createdon"].date() for r in self.alive(environment, "incidentresolution")}
        else:
            days |= {
                r["createdon"].date()
                for r in self.alive(environment, "audit")
                if r["objecttypecode"] in ("incident", "112")
            }
            if self.append_only.get((environment, "incident")):
                days |= {r["modifiedon"].date() for r in self.alive(environment, "incident")}
        return days

    def alive(self, environment: str, table: str) -> Iterator[Row]:
        return (row for row in self.versions.get((environment, table), []) if not row["deleted"])

    def cover(self, environment: str, source: str) -> tuple[Fraction, Fraction]:
        """The share of the window's and the look-back's days, in percent."""
        declared = self.declared[environment]
        if source == "sessions" and set(declared.get("not_provisioned", ())) >= {"digital", "voice", "record"}:
            return Fraction(100), Fraction(100)
        if source == "case_history" and "last_touch" in declared.get("accept", ()):
            return Fraction(100), Fraction(100)
        days = sorted(self.record_days(environment, source))
        if not days:
            return Fraction(0), Fraction(0)
        holes: set[date] = set()
        for one, following in pairwise(days):
            if (following - one).days - 1 >= self.t["gap_days"]:
                holes |= {one + timedelta(n) for n in range(1, (following - one).days)}

        told: set[date] = set()
        if "complete_from" in declared:
            length = (declared["complete_to"] - declared["complete_from"]).days + 1
            told = {declared["complete_from"] + timedelta(n) for n in range(length)}

        def share(first: date, last: date, zero: bool) -> Fraction:
            asked = [first + timedelta(n) for n in range((last - first).days)]
            proved = [day for day in asked if day in told or (days[0] <= day <= days[-1] and day not in holes)]
            return Fraction(0) if zero else Fraction(100 * len(proved), len(asked))

        stale = (self.as_of - days[-1]).days >= self.t["gap_days"] and "stale" not in declared.get("accept", ())
        window_zero = stale or (source == "sessions" and self.too_unknown(environment, self.window, self.as_of))
        season_zero = source == "sessions" and self.too_unknown(environment, self.season, self.window)
        if source == "cases" and "filtered" not in declared.get("accept", ()) and self.filtered(environment):
            window_zero = True
        return share(self.window, self.as_of, window_zero), share(self.season, self.window, season_zero)

    def too_unknown(self, environment: str, first: date, last: date) -> bool:
        joined = unknown = 0
        for row in self.live.get((environment, "msdyn_sessionparticipant"), {}).values():
            when = row["msdyn_joinedon"]
            user = self.agent(environment, row) or ""
            is_person = (environment, user) in self.by_record and self.is_human_record(environment, user)
            if is_person and when and first <= when.date() < last:
                joined += 1
                unknown += self.class_of(environment, row["msdyn_omnichannelsession"])[0] == "unknown"
        return unknown * 100 > joined

    def filtered(self, environment: str) -> bool:
        rows = self.rows(environment, "incident")
        if len(rows) >= 50 and len({r["ownerid"] for r in rows}) == 1:
            return True
        old = [r for r in rows if r["createdon"].date() < self.as_of - timedelta(90)]
        return len(old) >= 100 and (all(r["statecode"] == 0 for r in old) or all(r["statecode"] != 0 for r in old))
