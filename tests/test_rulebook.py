"""The rules are data: whole, sourced, dated, and read as they are meant."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from d365bench.rulebook import BY_PLANS, EITHER_FORM, NO_SEAT, PREMIUM, RIGHTS, folded, load_rulebook, rows_of

RULES = load_rulebook()

ENTERPRISE = "99340b49-fb81-4b1e-976b-8f2ae8e9394f"
ENTERPRISE_ATTACH = "61a2665f-1873-488c-9199-c3d0bc213fdf"
PROFESSIONAL = "6929f657-b31b-4947-b4ce-5066c3214f54"
DIGITAL = "47c2b191-a5fb-4129-b690-00c474d2f623"
VOICE = "f6ec6dfa-2402-468d-a455-89be11116d43"
CHAT = "f69129db-6dc1-4107-855e-0aaebbcd9dd4"
CONTACT_CENTER = "2a9d72b3-1714-440f-babf-bf92bf9683d8"
CONTACT_CENTER_DIGITAL = "0ef2b4e3-0a2b-450d-8c5f-a52203c40f50"
CONTACT_CENTER_VOICE = "57517633-b4ad-4db8-8c1a-65f443424490"
TEAM_MEMBERS = "4092fdb5-8d81-41d3-be76-aaba4074530b"
LEGACY_PLAN = "d56f3deb-50d8-465a-bedb-f079817ccac1"
TRIAL_MARKER = "dbe07046-af68-4861-a20d-1c8cbda9194f"
VIRAL_TRIAL = "94fb67d3-465f-4d1f-a50a-952da079a564"
CASE_MANAGEMENT = "2822a3a1-9b8f-4432-8989-e11669a60dc8"
CAPABILITY = "43b076f2-1123-45ba-a339-2e170ee58c53"

ENTERPRISE_BASES = {"cs_enterprise", "cs_enterprise_attach", "cs_premium", "other_enterprise"}
NO_SUBSCRIPTIONS = pl.DataFrame(schema={"sku_id": pl.String, "plan_ids": pl.List(pl.String)})


# -- the data as such ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("skus", "sku_id"),
        ("plans", "service_plan_id"),
        ("channels", "value"),
        ("roles", "role_name"),
        ("sources", "source_key"),
        ("deadlines", "deadline"),
    ],
)
def test_keys_are_unique(table: str, key: str) -> None:
    keys = [row[key] for row in rows_of(table)]
    assert len(keys) == len(set(keys)) > 0


@pytest.mark.parametrize("table", ["skus", "plans", "list_prices", "channels", "roles", "deadlines"])
def test_every_row_has_known_sources_a_confidence_and_a_date(table: str) -> None:
    for row in rows_of(table):
        assert set(row["source"].split("|")) <= RULES.sources.keys(), row
        assert row["confidence"] in {"confirmed", "disputed", "unverified"}, row
        assert row["as_of"][:4].isdigit(), row


def test_every_product_and_dispute_has_known_sources() -> None:
    for entry in (*RULES.products.values(), *RULES.disputes):
        assert entry.sources
        assert set(entry.sources) <= RULES.sources.keys(), entry.key


def test_every_named_product_exists() -> None:
    products = RULES.products.keys()
    assert {row["product_key"] for row in rows_of("skus")} - {""} <= products
    assert {price.product_key for price in RULES.list_prices} <= products
    assert {key for product in RULES.products.values() for key in product.beside} <= products
    assert {key for dispute in RULES.disputes for key in dispute.products} <= products
    grants = {plan.grants for plan in RULES.plans.values()}
    assert {grant for grant in grants if ":" not in grant} - {"none"} <= products


def test_only_one_list_price_starts_on_a_day() -> None:
    starts = [
        (price.product_key, price.currency, price.effective_from)
        for price in RULES.list_prices
        if price.role != "alternative"
    ]
    assert len(starts) == len(set(starts))


def test_every_product_has_a_list_price_or_a_fixed_one() -> None:
    assert [key for key in RULES.products if RULES.price(key, "USD", date(2026, 7, 1)) is None] == []


def test_ids_are_lower_case_guids() -> None:
    for key in (*RULES.skus, *RULES.plans):
        assert key == key.lower()
        assert [len(part) for part in key.split("-")] == [8, 4, 4, 4, 12]


# -- products and rights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product_key", "rights", "needs_base"),
    [
        ("cs_professional", {"cases"}, False),
        ("cs_professional_attach", {"cases"}, False),
        ("cs_enterprise", {"cases", "enterprise"}, False),
        ("cs_enterprise_attach", {"cases", "enterprise"}, False),
        ("cs_premium", {"cases", "enterprise", "digital", "voice"}, False),
        ("other_enterprise", {"cases", "enterprise"}, False),
        ("digital_messaging", {"digital"}, True),
        ("chat", {"digital"}, True),
        ("voice", {"voice"}, True),
        ("digital_and_voice", {"digital", "voice"}, True),
        ("contact_center", {"digital", "voice"}, False),
        ("contact_center_digital", {"digital"}, False),
        ("contact_center_voice", {"voice"}, False),
        ("team_members", set(), False),
    ],
)
def test_a_product_grants_its_rights(product_key: str, rights: set[str], needs_base: bool) -> None:
    product = RULES.products[product_key]
    assert product.rights == rights <= set(RIGHTS)
    assert product.beside == (ENTERPRISE_BASES if needs_base else set())


def test_only_attach_bases_are_marked_attach() -> None:
    attach = {key for key, product in RULES.products.items() if product.attach}
    assert attach == {"cs_professional_attach", "cs_enterprise_attach"}


def test_chat_is_the_only_product_of_one_channel_and_that_is_live_chat() -> None:
    bound = {key: product.only_channel for key, product in RULES.products.items() if product.only_channel}
    assert bound == {"chat": 192360000}
    assert RULES.channels.filter(pl.col("value") == 192360000)["label"].to_list() == ["Live chat"]


# -- prices ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "amount"),
    [
        (date(2019, 9, 30), None),
        (date(2019, 10, 1), 95.0),
        (date(2024, 9, 30), 95.0),
        (date(2024, 10, 1), 105.0),
        (date(2026, 7, 1), 105.0),
    ],
)
def test_the_list_price_is_the_latest_in_force(on: date, amount: float | None) -> None:
    price = RULES.price("cs_enterprise", "USD", on)
    assert (price and price.amount) == amount


def test_a_price_without_start_holds_from_ever() -> None:
    assert RULES.price("cs_professional", "USD", date(2000, 1, 1)) == (50.0, "confirmed", "PRICE_ES|HOLGER|FLECTIC")


def test_an_alternative_price_never_decides() -> None:
    price = RULES.price("cs_enterprise_attach", "USD", date(2026, 7, 1))
    assert price == (20.0, "disputed", "NCE_SHEET|POWEROBJECTS")


def test_a_list_price_is_not_converted() -> None:
    assert RULES.price("cs_enterprise", "EUR", date(2026, 7, 1)) is None


def test_the_legacy_plan_costs_nothing_in_any_currency() -> None:
    price = RULES.price("other_enterprise", "EUR", date(2026, 7, 1))
    assert price is not None
    assert price.amount == 0.0


# -- SKUs and plans --------------------------------------------------------------------------------------------


def test_each_sku_is_a_seat_or_a_legacy_plan_or_nothing_of_ours() -> None:
    for row in rows_of("skus"):
        expected = row["product_key"] if row["counts_as_seat"] == "yes" else None
        if row["product_key"] == "other_enterprise":
            expected = "other_enterprise"
        assert RULES.skus[row["sku_id"]].product_key == (expected or None)


def test_every_known_sku_keeps_its_product_whatever_its_plans_say() -> None:
    multi_app = "6c75fb1b-61f2-42d0-b1b8-6492ca9ae159"
    subscribed = pl.DataFrame({"sku_id": [multi_app], "plan_ids": [[ENTERPRISE, DIGITAL, VOICE]]})
    products = RULES.sku_products(subscribed)
    assert products.height == len(RULES.skus)
    assert products.filter(pl.col("sku_id") == multi_app)["product_key"].to_list() == [None]


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ([ENTERPRISE], ("cs_enterprise", BY_PLANS)),
        ([ENTERPRISE.upper()], ("cs_enterprise", BY_PLANS)),
        ([ENTERPRISE_ATTACH], ("cs_enterprise_attach", BY_PLANS)),
        ([PROFESSIONAL], ("cs_professional", BY_PLANS)),
        ([ENTERPRISE, DIGITAL, VOICE], ("cs_premium", PREMIUM)),
        ([ENTERPRISE, DIGITAL, VOICE, CONTACT_CENTER], ("cs_premium", PREMIUM)),
        ([ENTERPRISE, DIGITAL], ("cs_enterprise", BY_PLANS)),
        ([ENTERPRISE, DIGITAL, VOICE, TRIAL_MARKER], (None, NO_SEAT)),
        ([VIRAL_TRIAL], (None, NO_SEAT)),
        ([CONTACT_CENTER, DIGITAL, VOICE], ("contact_center", EITHER_FORM)),
        ([CONTACT_CENTER_DIGITAL, DIGITAL], ("contact_center_digital", EITHER_FORM)),
        ([CONTACT_CENTER_VOICE, VOICE], ("contact_center_voice", EITHER_FORM)),
        ([DIGITAL], ("digital_messaging", BY_PLANS)),
        ([VOICE], ("voice", BY_PLANS)),
        ([DIGITAL, VOICE], ("digital_and_voice", BY_PLANS)),
        ([CHAT], ("chat", BY_PLANS)),
        ([TEAM_MEMBERS], ("team_members", BY_PLANS)),
        ([LEGACY_PLAN], ("other_enterprise", BY_PLANS)),
        ([CASE_MANAGEMENT], (None, "another product: case_management")),
        ([CAPABILITY], (None, None)),
        (["00000000-0000-0000-0000-000000000001"], (None, None)),
        ([], (None, None)),
    ],
)
def test_service_plans_explain_an_unknown_sku(plans: list[str], expected: tuple[str | None, str | None]) -> None:
    assert RULES.product_of_plans(plans) == expected


def test_an_unknown_sku_gets_a_row_only_where_its_plans_explain_it() -> None:
    premium, unknown = "AAAAAAAA-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"
    subscribed = pl.DataFrame(
        {"sku_id": [premium, unknown, None], "plan_ids": [[ENTERPRISE, DIGITAL, VOICE], None, [VOICE]]}
    )
    products = RULES.sku_products(subscribed)
    assert products.filter(pl.col("sku_id") == premium.lower()).rows() == [(premium.lower(), "cs_premium", PREMIUM)]
    assert unknown not in products["sku_id"]
    assert products.height == len(RULES.skus) + 1


# -- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "product_key"),
    [
        ("Dynamics 365 Customer Service Premium", "cs_premium"),
        ("DYNAMICS 365 FOR CUSTOMER SERVICE ENTERPRISE EDITION", "cs_enterprise"),
        ("Dynamics 365 Customer Service Professional", "cs_professional"),
        ("Dynamics 365 Contact Center Digital Add-on for Customer Service Enterprise", "digital_messaging"),
        ("DYN365_CS_VOICE", "voice"),
        ("DYN365_CS_MESSAGING", "digital_messaging"),
        ("Dynamics 365 Customer Engagement Plan", "other_enterprise"),
        ("Dynamics 365 Multi-app", None),
        ("Dynamics 365 Customer Service Enterprise Viral Trial", None),
    ],
)
def test_a_licence_name_leads_to_its_product(name: str, product_key: str | None) -> None:
    names = RULES.licence_names().filter(pl.col("name_folded") == folded(name))
    assert names["product_key"].to_list() == [product_key]


def test_no_name_means_two_products() -> None:
    meanings: dict[str, set[str | None]] = {}
    for product in RULES.products.values():
        for name in (product.display_name, *product.also_named):
            meanings.setdefault(folded(name), set()).add(product.key)
    for sku in RULES.skus.values():
        for name in (sku.display_name, sku.part_number):
            meanings.setdefault(folded(name), set()).add(sku.product_key)
    assert {name: keys for name, keys in meanings.items() if len(keys) > 1} == {}


def test_a_licence_has_one_row_under_each_spelling() -> None:
    licences = RULES.licence_products(NO_SUBSCRIPTIONS)
    assert licences["licence"].n_unique() == licences.height
    enterprise = "749742bf-0d37-4158-a120-33567104deeb"
    spellings = [f"sku:{enterprise}", "name:dynamics 365 for customer service enterprise edition"]
    assert licences.filter(pl.col("licence").is_in(spellings))["product_key"].to_list() == ["cs_enterprise"] * 2


# -- channels and roles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "channel_class"),
    [
        (19241000, "digital"),
        (192300000, "digital"),
        (192360000, "digital"),
        (192350000, "record"),
        (192370000, "secondary"),
        (192440000, "voice"),
    ],
)
def test_a_channel_has_its_class(value: int, channel_class: str) -> None:
    channels = RULES.frames()["rule_channel"]
    assert channels.filter(pl.col("value") == value)["class"].to_list() == [channel_class]


def test_channel_classes_are_known_and_voice_is_one_channel() -> None:
    classes = RULES.channels["class"]
    assert set(classes) == {"digital", "record", "secondary", "voice"}
    assert classes.to_list().count("voice") == 1


def test_supervisor_roles_are_named_with_folded_case() -> None:
    roles = RULES.frames()["rule_role"]
    supervisors = roles.filter(pl.col("kind") == "supervisor")["name_folded"].to_list()
    assert sorted(supervisors) == ["csr manager", "customer service manager", "omnichannel supervisor"]


def test_frames_carry_no_untyped_column() -> None:
    for name, frame in RULES.frames().items():
        assert frame.height, name
        assert pl.Null not in frame.dtypes, name
