"""How much of a difference is let pass, per order and in sum (settlement reference, 6.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciliation.core.matching.expected import ZERO
from reconciliation.core.matching.result import Match, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """For one marketplace and currency; blank means any. `per_order`: of an order's difference; `limit`: of all tolerated differences
    of a settlement together, without sign. A settlement's total has none: its lines add up to it, or the file is wrong."""

    marketplace: str = ""
    currency: str = ""
    per_order: Decimal = Decimal("0.02")
    limit: Decimal = Decimal("1.00")

    def fits(self, marketplace: str, currency: str) -> bool:
        """Whether the rule speaks about these."""
        of_marketplace = not self.marketplace or self.marketplace.casefold() == marketplace.casefold()
        return of_marketplace and (not self.currency or self.currency == currency)


STANDARD = Tolerance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a comparison goes by. `window`: days after shipping in which an order may still be settled in parts."""

    tolerances: tuple[Tolerance, ...] = ()
    window: int = 45

    def tolerance(self, marketplace: str, currency: str) -> Tolerance:
        """The most specific rule: marketplace and currency, marketplace, currency, any; of two equal ones the first."""
        fitting = (rule for rule in self.tolerances if rule.fits(marketplace, currency))
        return max(fitting, key=lambda rule: (bool(rule.marketplace), bool(rule.currency)), default=STANDARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerated:
    """The differences let pass in a settlement: how many, their sum, their sum without sign, and whether that is over its limit."""

    orders: int
    amount: Decimal
    absolute: Decimal
    limit: Decimal

    @property
    def exceeded(self) -> bool:
        """Many small differences to one side are one large difference."""
        return self.absolute > self.limit


def tolerated(matches: Iterable[Match], *, rules: Rules, currency: str) -> Tolerated:
    """Every difference within tolerance of one settlement, against the limit of its currency."""
    passed: Sequence[Decimal] = [one.difference for one in matches if one.result is Result.WITHIN_TOLERANCE and one.difference is not None]
    limit = rules.tolerance("", currency).limit
    return Tolerated(orders=len(passed), amount=sum(passed, ZERO), absolute=sum(map(abs, passed), ZERO), limit=limit)
