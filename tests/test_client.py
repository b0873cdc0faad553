"""client.toml and decisions.csv: what is read, and what is refused with place and cure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from d365bench.client import Client, client_names, data_folder, load_client, product_keys, reports_folder
from d365bench.errors import ClientError, UnknownClient
from d365bench.rulebook import load_rulebook

HEAD = '[client]\nname = "Contoso"\nas_of = 2026-07-01\ncurrency = "USD"\n'
HEADER = "person,product,decision,reason,by,decided_on,expires_on\n"


def loaded(data: Path, toml: str, decisions: str | None = None, folders: tuple[str, ...] = ()) -> Client:
    """The client 'contoso' with this client.toml."""
    folder = data / "contoso"
    for name in ("", *folders):
        (folder / "exports" / name).mkdir(parents=True, exist_ok=True)
    (folder / "client.toml").write_text(toml, encoding="utf-8")
    if decisions is not None:
        (folder / "decisions.csv").write_text(decisions, encoding="utf-8")
    return load_client(data, "contoso")


# -- what is read ----------------------------------------------------------------------------------------------


def test_a_short_client_has_the_defaults(tmp_path: Path) -> None:
    client = loaded(tmp_path, '[client]\nas_of = 2026-07-01\ncurrency = "EUR"\n')
    assert (client.name, client.title, client.currency) == ("contoso", "contoso", "EUR")
    assert client.as_of == date(2026, 7, 1)
    assert not client.environments_complete
    assert client.exports_timezone == "UTC"
    assert [(one.name, one.kind, one.service) for one in client.environments] == [("default", "production", True)]
    assert client.contract is None
    assert client.prices == client.thresholds == {}
    assert client.decisions.is_empty()


def test_a_full_client_is_read_as_written(tmp_path: Path) -> None:
    client = loaded(
        tmp_path,
        HEAD
        + """environments_complete = true
exports_timezone = "Europe/Berlin"
[[environment]]
name = "prod"
service = true
not_provisioned = ["voice", "record"]
complete_from = 2026-01-01
complete_to = 2026-06-30
accept = ["last_touch", "season"]
custom_tables = 16
[[environment]]
name = "test"
kind = "sandbox"
service = false
[prices]
cs_enterprise = 98
other_enterprise = 0
[contract]
kind = "EA"
end = 2026-12-31
[contract.quantities]
cs_enterprise = 450
[contract.renewal_prices]
cs_enterprise = 101.5
[thresholds]
window_days = 90
""",
    )
    prod, test = client.environments
    assert prod.not_provisioned == ("voice", "record")
    assert prod.accept == ("last_touch", "season")
    assert (prod.complete_from, prod.complete_to) == (date(2026, 1, 1), date(2026, 6, 30))
    assert prod.custom_tables == 16
    assert (test.kind, test.service) == ("sandbox", False)
    assert client.prices == {"cs_enterprise": 98.0, "other_enterprise": 0.0}
    assert isinstance(client.prices["cs_enterprise"], float)
    assert client.contract is not None
    assert client.contract.quantities == {"cs_enterprise": 450}
    assert client.contract.renewal_prices == {"cs_enterprise": 101.5}
    assert client.thresholds == {"window_days": 90}


@pytest.mark.parametrize(
    ("lines", "step"),
    [
        ("", "term"),
        ("term_months = 13", "term"),
        ("term_months = 12", "yearly"),
        ('term_months = 12\nprice_step = "term"', "term"),
        ('price_step = "yearly"', "yearly"),
    ],
)
def test_prices_stand_still_inside_a_long_term_unless_told(tmp_path: Path, lines: str, step: str) -> None:
    contract = loaded(tmp_path, f'{HEAD}[contract]\nkind = "EA"\nend = 2026-12-31\n{lines}\n').contract
    assert contract is not None
    assert contract.price_step == step


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert loaded(tmp_path, "\ufeff" + HEAD).title == "Contoso"


def test_the_rule_book_and_client_toml_share_their_products() -> None:
    assert set(product_keys()) == set(load_rulebook().products)


# -- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        (HEAD + "[price]\ncs_enterprise = 1", ["unknown table 'price'", "'prices'"]),
        (HEAD + "curency = 'USD'", ["[client]", "unknown key 'curency'", "'currency'"]),
        (HEAD + "[prices]\ncs_enterprize = 1", ["[prices]", "unknown product 'cs_enterprize'", "'cs_enterprise'"]),
        (HEAD + "[[environment]]\nname='p'\nkind='prod'", ["[environment] kind", "'prod'", "'production'"]),
        (HEAD + "[[environment]]\nname='p'\naccept=['seasn']", ["accept", "'seasn'", "'season'"]),
        (HEAD + "[[environment]]\nname='p'\nnot_provisioned=['chat']", ["not_provisioned", "'chat'", "digital"]),
        (HEAD + "[[environment]]\nname='p'\nservise=true", ["unknown key 'servise'", "'service'"]),
        (HEAD + "[thresholds]\nwindow_day = 90", ["[thresholds]", "'window_day'", "'window_days'"]),
        (HEAD + "[contract]\nkind='EA'\nend=2026-12-31\ngrowth=1", ["[contract]", "'growth'", "'growth_percent'"]),
        (
            HEAD + "[contract]\nkind='EA'\nend=2026-12-31\n[contract.quantities]\nvoce=1",
            ["[contract.quantities]", "'voce'", "'voice'"],
        ),
        (HEAD + "exports_timezone = 'Europe/Berln'", ["exports_timezone", "'Europe/Berln'", "'Europe/Berlin'"]),
    ],
)
def test_an_unknown_name_is_named_with_the_nearest(tmp_path: Path, toml: str, named: list[str]) -> None:
    with pytest.raises(ClientError) as caught:
        loaded(tmp_path, toml)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "contoso" / "client.toml"))
    assert [part for part in named if part not in message] == []


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("", "'as_of' is missing"),
        ("[client]\nas_of = 2026-07-01", "'currency' is missing"),
        ("[client]\nas_of = '2026-07-01'\ncurrency = 'USD'", "as_of"),
        ("[client]\nas_of = 2026-07-01T00:00:00\ncurrency = 'USD'", "as_of"),
        ("[client]\nas_of = 2026-07-01\ncurrency = 'usd'", "currency"),
        ("client = 1", "must be a table"),
        (HEAD + "environments_complete = 1", "true or false"),
        (HEAD + "[environment]\nname = 'p'", "[[environment]]"),
        (HEAD + "[[environment]]\nkind = 'production'", "'name' is missing"),
        (HEAD + "[[environment]]\nname = '../other'", "folder directly under exports/"),
        (HEAD + "[[environment]]\nname = '..'", "folder directly under exports/"),
        (HEAD + "[[environment]]\nname = 'p'\n[[environment]]\nname = 'p'", "declared twice"),
        (HEAD + "[[environment]]\nname = 'p'\ncomplete_from = 2026-01-01", "need each other"),
        (
            HEAD + "[[environment]]\nname = 'p'\ncomplete_from = 2026-02-01\ncomplete_to = 2026-01-01",
            "lies after complete_to",
        ),
        (HEAD + "[[environment]]\nname = 'p'\naccept = 'season'", "a list"),
        (HEAD + "[[environment]]\nname = 'p'\ncustom_tables = -1", "at least 0"),
        (HEAD + "[prices]\nvoice = true", "a number"),
        (HEAD + "[prices]\nvoice = -1", "a number of at least 0"),
        (HEAD + "[prices]\nvoice = nan", "a number"),
        (HEAD + "[prices]\nvoice = inf", "a number"),
        (HEAD + "[prices]\nvoice = '75'", "a number"),
        (HEAD + "[prices]\nother_enterprise = 5", "always 0"),
        (HEAD + "[contract]\nend = 2026-12-31", "'kind' is missing"),
        (HEAD + "[contract]\nkind = 'EA'", "'end' is missing"),
        (HEAD + "[contract]\nkind = 'EA'\nend = 2026-12-31\nreductions = 'anniversary'", "needs 'start'"),
        (HEAD + "[contract]\nkind = 'CSP'\nend = 2026-12-31\nreductions = 'monthly'", "term = 'P1M'"),
        (HEAD + "[contract]\nkind = 'EA'\nend = 2026-12-31\nstart = 2026-12-31", "before end"),
        (HEAD + "[contract]\nkind = 'EA'\nend = 2026-12-31\nterm_months = 0", "at least 1"),
        (HEAD + "[contract]\nkind = 'EA'\nend = 2026-12-31\n[contract.quantities]\nvoice = 1.5", "a whole number"),
        (
            HEAD + "[contract]\nkind = 'EA'\nend = 2026-12-31\n[contract.quantities]\nother_enterprise = 1",
            "no quantity",
        ),
        (HEAD + "[thresholds]\nwindow_days = 29", "outside 30 to 730"),
        (HEAD + "[thresholds]\nwindow_days = 90.0", "a whole number"),
        (HEAD + "[thresholds]\nwindow_days = 500", "season_days"),
        (HEAD + "name = 'twice'", "not valid TOML"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(tmp_path: Path, toml: str, named: str) -> None:
    with pytest.raises(ClientError) as caught:
        loaded(tmp_path, toml)
    assert named in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_client_without_client_toml_is_told_how_to_begin(tmp_path: Path) -> None:
    (tmp_path / "contoso").mkdir()
    with pytest.raises(ClientError, match="d365bench new"):
        load_client(tmp_path, "contoso")


# -- environments and their folders ----------------------------------------------------------------------------

TWO = HEAD + "[[environment]]\nname = 'prod'\n[[environment]]\nname = 'sandbox'\n"


def test_a_misspelt_environment_is_named_with_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"unknown environment 'sandbox'.*'sandbx'"):
        loaded(tmp_path, TWO, folders=("prod", "sandbx"))


def test_an_environment_whose_exports_are_still_to_come_is_fine(tmp_path: Path) -> None:
    assert len(loaded(tmp_path, TWO, folders=("prod", "graph")).environments) == 2


def test_a_single_environment_needs_no_folder(tmp_path: Path) -> None:
    client = loaded(tmp_path, HEAD + "[[environment]]\nname = 'contoso-prod'\n", folders=("contoso-pro",))
    assert [one.name for one in client.environments] == ["contoso-prod"]


# -- client names and folders ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../contoso", "contoso/x", "/etc", "Contoso", "-contoso", "con toso", "c" * 64, "a\n", "ä"]
)
def test_a_name_with_a_way_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownClient):
        load_client(tmp_path, name)


def test_the_longest_allowed_name_is_allowed(tmp_path: Path) -> None:
    folder = tmp_path / ("c" * 63)
    folder.mkdir()
    (folder / "client.toml").write_text(HEAD, encoding="utf-8")
    assert load_client(tmp_path, folder.name).name == folder.name


def test_an_unknown_client_is_named_with_the_nearest(tmp_path: Path) -> None:
    loaded(tmp_path, HEAD)
    with pytest.raises(UnknownClient, match=r"no client 'contosso'.*'contoso'"):
        load_client(tmp_path, "contosso")


def test_a_link_out_of_the_data_folder_is_refused(tmp_path: Path) -> None:
    loaded(tmp_path / "elsewhere", HEAD)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "contoso").symlink_to(tmp_path / "elsewhere" / "contoso")
    with pytest.raises(UnknownClient, match="leads out"):
        load_client(tmp_path / "data", "contoso")


def test_clients_are_the_folders_with_an_allowed_name_and_a_client_toml(tmp_path: Path) -> None:
    for name in ("beta", "alpha", "Upper", "empty"):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "client.toml").write_text(HEAD, encoding="utf-8")
    assert client_names(tmp_path) == ["alpha", "beta"]


def test_the_option_wins_over_the_variable_and_that_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("D365BENCH_DATA", raising=False)
    monkeypatch.delenv("D365BENCH_REPORTS", raising=False)
    assert (data_folder(None), reports_folder(None)) == (Path("data/sample"), Path("reports"))
    monkeypatch.setenv("D365BENCH_DATA", "/srv/data")
    monkeypatch.setenv("D365BENCH_REPORTS", "/srv/reports")
    assert (data_folder(None), reports_folder(None)) == (Path("/srv/data"), Path("/srv/reports"))
    assert (data_folder("here"), reports_folder("there")) == (Path("here"), Path("there"))


# -- decisions.csv ---------------------------------------------------------------------------------------------


def test_decisions_are_read_with_their_lines(tmp_path: Path) -> None:
    rows = (
        'ana@contoso.example,voice,keep,"covers\nholidays",lead,2026-05-01,\n'
        "\n"
        "ben@contoso.example,,exclude,,lead,2026-05-02,2026-12-31\n"
    )
    decisions = loaded(tmp_path, HEAD, "\ufeff" + HEADER + rows).decisions
    assert decisions.rows() == [
        (3, "ana@contoso.example", "voice", "keep", "covers\nholidays", "lead", date(2026, 5, 1), None),
        (5, "ben@contoso.example", None, "exclude", None, "lead", date(2026, 5, 2), date(2026, 12, 31)),
    ]


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    header = "decided_on,expires_on,by,reason,decision,product,person\n"
    decisions = loaded(tmp_path, HEAD, header + "2026-05-01,,lead,unused,remove,chat,ana\n").decisions
    assert decisions.select("person", "product", "decision").rows() == [("ana", "chat", "remove")]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "the first line must be"),
        ("person,product\n", "the first line must be"),
        (HEADER.replace("expires_on", "expires"), "unknown column 'expires'; did you mean 'expires_on'?"),
        (HEADER + "ana,voice,keap,,lead,2026-05-01,\n", "line 2: unknown value 'keap'; did you mean 'keep'?"),
        (HEADER + "ana,voce,keep,,lead,2026-05-01,\n", "line 2: unknown product 'voce'; did you mean 'voice'?"),
        (HEADER + ",voice,keep,,lead,2026-05-01,\n", "line 2: person is empty"),
        (HEADER + "ana,,keep,,lead,2026-05-01,\n", "line 2: keep needs a product"),
        (HEADER + "ana,voice,exclude,,lead,2026-05-01,\n", "product must be empty"),
        (HEADER + "ana,voice,keep,,lead,,\n", "decided_on is empty"),
        (HEADER + "ana,voice,keep,,lead,01.05.2026,\n", "decided_on '01.05.2026'"),
        (HEADER + "ana,voice,keep,,lead,20260501,\n", "decided_on '20260501'"),
        (HEADER + "ana,voice,keep,,lead,2026-05-01,2026-02-30\n", "expires_on '2026-02-30'"),
        (HEADER + "ana,voice,keep,2026-05-01,\n", "5 cells under 7 columns"),
        (HEADER + 'ana,voice,"keep,,lead,2026-05-01,\n', "not a CSV file"),
    ],
)
def test_a_wrong_decision_is_refused_with_its_line(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ClientError) as caught:
        loaded(tmp_path, HEAD, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "contoso" / "decisions.csv"))
    assert named in message
