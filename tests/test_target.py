"""The target is the cheapest valid set: checked against a search of every subset that shares no code with it."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d365bench.analysis.money import Prices
from d365bench.analysis.target import Holding, Search
from people import RULES, client

GRANTS = {
    "cs_professional": "cases",
    "cs_professional_attach": "cases",
    "cs_enterprise": "cases enterprise",
    "cs_enterprise_attach": "cases enterprise",
    "cs_premium": "cases enterprise digital voice",
    "other_enterprise": "cases enterprise",
    "digital_messaging": "digital",
    "chat": "digital",
    "voice": "voice",
    "digital_and_voice": "digital voice",
}
BASES = frozenset(list(GRANTS)[:6])
ADD_ONS = frozenset(list(GRANTS)[6:])
ENTERPRISE_BASES = frozenset({"cs_enterprise", "cs_enterprise_attach", "cs_premium", "other_enterprise"})
ATTACH = frozenset({"cs_enterprise_attach", "cs_professional_attach"})
LIST = {
    "cs_professional": "50",
    "cs_professional_attach": "20",
    "cs_enterprise": "105",
    "cs_enterprise_attach": "20",
    "cs_premium": "195",
    "digital_messaging": "75",
    "chat": "60",
    "voice": "75",
    "digital_and_voice": "90",
}
RIGHTS = ("cases", "digital", "enterprise", "voice")
Set = frozenset[str]


def subsets(things: Set) -> list[Set]:
    ordered = sorted(things)
    return [frozenset(chosen) for size in range(len(ordered) + 1) for chosen in combinations(ordered, size)]


@cache
def granted(products: Set, live_chat_only: bool) -> Set:
    rights: list[str] = []
    for product in products:
        if product in ADD_ONS and not products & ENTERPRISE_BASES:
            continue
        if product == "chat" and not live_chat_only:
            continue
        rights += GRANTS[product].split()
    return frozenset(rights)


def valid(products: Set, live_chat_only: bool) -> bool:
    if len(products & BASES) > 1 or ("chat" in products and not live_chat_only):
        return False
    return not products & ADD_ONS or bool(products & ENTERPRISE_BASES)


def brute_force(held: Set, needs: Set, live_chat_only: bool, own: dict[str, Fraction]) -> tuple[Set | None, Set | None]:
    """The target by the rule as it is written, and without what is asked of a set that only changes the price."""
    price = {product: own.get(product, Fraction(amount)) for product, amount in LIST.items()}
    price["other_enterprise"] = Fraction(0)
    if not needs:
        return frozenset(), frozenset()
    held_bases = held & BASES
    if "other_enterprise" in held:
        bases: Set = frozenset({"other_enterprise"})
    elif held_bases and held_bases <= ATTACH:
        bases = ATTACH
    else:
        bases = frozenset({"cs_professional", "cs_enterprise", "cs_premium"})
    add_ons = ADD_ONS if "chat" in held else ADD_ONS - {"chat"}
    found = [chosen for chosen in subsets(bases | add_ons) if valid(chosen, live_chat_only)]
    if valid(held, live_chat_only):
        found.append(held)
    today = granted(held, live_chat_only)

    def best(sets: list[Set]) -> Set | None:
        def order(chosen: Set) -> tuple[Fraction, int, str]:
            return sum((price[p] for p in chosen), Fraction(0)), len(chosen ^ held), "+".join(sorted(chosen))

        return min((chosen for chosen in sets if needs <= granted(chosen, live_chat_only)), key=order, default=None)

    def is_own(chosen: Set) -> bool:
        return (chosen | held) - {"other_enterprise"} <= own.keys()

    allowed = [
        chosen for chosen in found if granted(chosen, live_chat_only) != today or chosen <= held or is_own(chosen)
    ]
    return best(allowed), best(found)


def search(own: dict[str, float] | None = None, currency: str = "USD") -> Search:
    return Search(RULES, Prices(client(own, currency=currency), RULES))


def agree(held: Set, needs: Set, live_chat_only: bool, own: dict[str, str], finder: Search) -> None:
    expected, ungated = brute_force(held, needs, live_chat_only, {key: Fraction(price) for key, price in own.items()})
    modest = granted(held, live_chat_only) | needs
    if expected is None or not granted(expected, live_chat_only) <= modest:
        # Only where today's set is no valid one can the list price alone stand in the way of the right set.
        expected = ungated
    assert finder.target(Holding(held, live_chat_only), needs) == expected


@pytest.mark.parametrize("live_chat_only", [True, False])
@pytest.mark.parametrize("own", [{}, LIST, {**LIST, "cs_premium": "180", "voice": "0.3"}, {"cs_enterprise": "50"}])
def test_the_target_is_the_cheapest_valid_set(own: dict[str, str], live_chat_only: bool) -> None:
    finder = search({key: float(price) for key, price in own.items()})
    for held in (products for products in subsets(frozenset(GRANTS)) if len(products) <= 3):
        for needs in subsets(frozenset(RIGHTS)):
            agree(held, needs, live_chat_only, own, finder)


@given(
    held=st.frozensets(st.sampled_from(sorted(GRANTS)), max_size=5),
    needs=st.frozensets(st.sampled_from(RIGHTS)),
    live_chat_only=st.booleans(),
    own=st.dictionaries(
        st.sampled_from(sorted(LIST)), st.sampled_from(["0", "0.1", "0.2", "0.3", "20", "75", "195.01"])
    ),
)
def test_the_target_is_the_cheapest_valid_set_at_any_price(
    held: Set, needs: Set, live_chat_only: bool, own: dict[str, str]
) -> None:
    agree(held, needs, live_chat_only, own, search({key: float(price) for key, price in own.items()}))


def target(held: str, needs: str, own: dict[str, float] | None = None, **fixed: object) -> str | None:
    products = frozenset(held.split("+")) if held else frozenset()
    holding = Holding(products, live_chat_only=True)._replace(**fixed)
    found = search(own).target(holding, frozenset(needs.split()))
    return None if found is None else "+".join(sorted(found))


@pytest.mark.parametrize(
    ("held", "needs", "expected"),
    [
        ("cs_enterprise", "cases", "cs_professional"),
        ("cs_enterprise+voice", "cases voice", "cs_enterprise+voice"),
        ("cs_enterprise_attach", "cases", "cs_enterprise_attach"),  # both attach forms cost 20: nothing to change
        ("cs_enterprise_attach+voice", "cases", "cs_enterprise_attach"),
        ("cs_enterprise+chat", "cases digital", "chat+cs_enterprise"),
        ("cs_enterprise", "cases digital", "cs_enterprise+digital_messaging"),
        ("other_enterprise+voice", "cases", "other_enterprise"),
        ("other_enterprise+cs_enterprise", "cases enterprise", "other_enterprise"),
        ("cs_enterprise+cs_enterprise_attach", "cases enterprise", "cs_enterprise"),
        ("cs_enterprise+digital_and_voice+voice", "cases digital voice", "cs_enterprise+digital_and_voice"),
        ("cs_premium+voice", "cases digital voice", "cs_premium"),
        ("cs_professional+digital_messaging", "cases", "cs_professional"),
        ("", "cases voice", "cs_enterprise+voice"),
        ("", "", ""),
        ("cs_enterprise+voice", "", ""),
    ],
)
def test_targets_worked_out_by_hand(held: str, needs: str, expected: str) -> None:
    assert target(held, needs) == expected


def test_premium_and_its_parts_tie_at_list_and_today_decides() -> None:
    # 105 + 90 = 195
    assert target("cs_premium", "cases digital voice") == "cs_premium"
    assert target("cs_enterprise+digital_and_voice", "cases digital voice") == "cs_enterprise+digital_and_voice"
    # from nothing, one product is fewer to add than two
    assert target("", "cases digital voice") == "cs_premium"


def test_the_alphabet_decides_between_equal_sets_as_near_as_each_other() -> None:
    own = {"digital_messaging": 75.0, "digital_and_voice": 75.0}
    assert target("cs_enterprise", "cases digital", own) == "cs_enterprise+digital_and_voice"
    assert target("cs_enterprise", "cases digital", {**own, "digital_messaging": 74.99}) == (
        "cs_enterprise+digital_messaging"
    )


def test_a_product_removed_is_a_change_too() -> None:
    # the add-on costs nothing, so that only the count of changes can keep it
    held = "cs_enterprise+digital_and_voice+voice"
    assert target(held, "cases digital voice", {"voice": 0.0}) == held


def test_one_base_may_carry_several_add_ons() -> None:
    own = {"digital_messaging": 10.0, "voice": 10.0}
    assert target("", "cases digital voice", own) == "cs_enterprise+digital_messaging+voice"


@pytest.mark.parametrize("base", ["cs_enterprise_attach", "other_enterprise"])
def test_premium_is_not_for_attach_nor_for_the_legacy_plan(base: str) -> None:
    expected = "+".join(sorted([base, "digital_and_voice"]))
    assert target(f"{base}+voice", "cases digital voice", {"cs_premium": 1.0}) == expected


def test_a_tie_is_no_matter_of_binary_fractions() -> None:
    # 0.1 + 0.2 is not 0.3 in floats
    own = {"cs_enterprise": 0.1, "digital_and_voice": 0.2, "cs_premium": 0.3, "voice": 9.0, "digital_messaging": 9.0}
    assert target("cs_enterprise+digital_and_voice", "digital voice", own) == "cs_enterprise+digital_and_voice"
    assert target("cs_premium", "digital voice", own) == "cs_premium"


def test_the_same_rights_from_other_products_need_the_clients_own_prices() -> None:
    held, needs = "cs_enterprise+digital_messaging+voice", "digital voice enterprise"
    own = {"cs_enterprise": 105.0, "digital_messaging": 75.0, "voice": 75.0, "digital_and_voice": 90.0}
    assert target(held, needs) == held
    assert target(held, needs, own) == "cs_enterprise+digital_and_voice"
    for missing in own:
        assert target(held, needs, {key: price for key, price in own.items() if key != missing}) == held


def test_a_list_price_never_sells_a_channel_to_somebody_who_needs_none() -> None:
    # no valid set today, and its rights from one product only at list price: not Enterprise with a channel on top
    assert target("cs_enterprise_attach+cs_professional", "cases enterprise") == "cs_enterprise"


def test_what_has_no_price_stays_and_is_never_proposed() -> None:
    finder = search({"cs_enterprise": 90.0, "cs_professional": 40.0}, currency="EUR")

    def found(held: str, needs: str) -> str | None:
        products = finder.target(Holding(frozenset(held.split("+")) - {""}, True), frozenset(needs.split()))
        return None if products is None else "+".join(sorted(products))

    assert found("cs_enterprise+voice", "cases enterprise") == "cs_enterprise+voice"
    assert found("cs_enterprise+voice", "") == "cs_enterprise+voice"  # an add-on that stays needs its base
    assert found("cs_premium", "cases") == "cs_premium"
    assert found("cs_enterprise", "cases voice") is None
    assert found("cs_enterprise", "cases") == "cs_professional"


def test_a_decision_binds_the_target() -> None:
    voice = frozenset({"voice"})
    assert target("cs_enterprise+voice", "cases voice", kept=voice) == "cs_enterprise+voice"
    assert target("cs_enterprise+voice", "cases", kept=voice) == "cs_enterprise+voice"
    assert target("cs_enterprise+voice", "cases", removed=voice) == "cs_professional"
    assert target("cs_enterprise", "cases enterprise", removed=frozenset({"cs_enterprise"})) == (
        "cs_premium"  # the only other set with Enterprise rights
    )


def test_levels_follow_the_highest_base() -> None:
    finder = search()
    assert finder.level(frozenset({"voice"})) is None
    assert finder.level(frozenset({"cs_professional", "cs_enterprise_attach"})) == "enterprise"
    assert finder.level(frozenset({"other_enterprise"})) == "enterprise"
    assert finder.level(frozenset({"cs_premium", "cs_enterprise"})) == "premium"
