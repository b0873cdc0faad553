"""Targets: the cheapest valid set of products, found by trying all of them."""

from __future__ import annotations

from oracle.estate import Person
from oracle.evidence import Evidence
from oracle.rules import ADD_ONS, ATTACH, BASES, ENTERPRISE_BASES, GRANTS, NONE, Products, subsets


class Targets(Evidence):
    """Evidence, and the search."""

    def live_chat_only(self, person: Person) -> bool:
        return all(
            a.channel == 192360000
            for a in self.window_acts(person)
            if a.action in ("digital.handled", "digital.consulted")
        )

    def rights(self, products: Products, chat_ok: bool) -> set[str]:
        granted: set[str] = set()
        for product in products:
            if product in ADD_ONS and not products & ENTERPRISE_BASES:
                continue
            if product == "chat" and not chat_ok:
                continue
            granted |= GRANTS[product]
        return granted

    def is_valid(self, products: Products, chat_ok: bool) -> bool:
        """Whether everything in a set of products grants something beside the rest."""
        if products & set(ADD_ONS) and not products & ENTERPRISE_BASES:
            return False
        return len(products & set(BASES)) <= 1 and not ("chat" in products and not chat_ok)

    def allowed_bases(self, held: Products) -> list[str]:
        bases = held & set(BASES)
        if "other_enterprise" in bases:
            return ["other_enterprise"]
        attach = bool(bases) and bases <= ATTACH
        return [b for b in BASES if (b in ATTACH) == attach and b != "other_enterprise"]

    def search(
        self, person: Person, held: Products, needs: set[str], keep: Products = NONE, remove: Products = NONE
    ) -> Products | None:
        """The cheapest valid set, among all sets there are; what is to be kept is in it and paid anyhow."""
        if not needs:
            return keep
        chat_ok = self.live_chat_only(person)
        options = {held} if self.is_valid(held, chat_ok) else set()
        for base in (None, *self.allowed_bases(held - remove)):
            for extra in subsets(ADD_ONS):
                if "chat" not in extra or ("chat" in held and chat_ok):
                    options.add(extra | ({base} if base else NONE) | keep)
        today = self.rights(held, chat_ok)
        found = []
        for option in options:
            if not keep <= option or option & remove:
                continue
            if option & set(ADD_ONS) and not option & ENTERPRISE_BASES:
                continue
            price = self.cost(option - keep)
            if price is None or not needs <= self.rights(option, chat_ok):
                continue
            # a second base only beside one that has to stay and does not suffice
            rank = (len(option & set(BASES)) > 1, price, len(option ^ held), "+".join(sorted(option)))
            found.append((rank, option))
        # the same rights from other products: only where the client's own prices say that they are cheaper
        own = [
            (rank, option)
            for rank, option in found
            if option <= held or self.rights(option, chat_ok) != today or self.own(option | held)
        ]
        if any(self.rights(option, chat_ok) <= today | needs for _, option in own):
            found = own
        return min(found)[1] if found else None

    def own(self, products: Products) -> bool:
        priced = {p for p in products - {"other_enterprise"} if self.price(p) is not None}
        return priced <= set(self.own_prices)
