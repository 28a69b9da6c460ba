"""What chat models have cost, counted from stored drafts and other calls, so that a restart forgets nothing.

Each keeps its tokens and, where the vendor gives one, its price; for the others the prices of the settings count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from assistant.store import gap_tables as g
from assistant.store import tables as t
from assistant.store.database import Database


@dataclass(frozen=True, slots=True)
class Budget:
    """What a day may cost: tokens in and out together, and USD; None is no limit. Prices are USD a million tokens."""

    tokens: int | None = None
    cost: float | None = None
    input_price: float = 0.0
    output_price: float = 0.0

    @classmethod
    def of(cls, models: Mapping[str, Any]) -> Budget:
        """The budget in the settings' section of models."""
        return cls(
            models.get("chat_daily_tokens"), models.get("chat_daily_cost"),
            models.get("chat_input_price", 0.0), models.get("chat_output_price", 0.0),
        )  # fmt: skip

    @property
    def is_open(self) -> bool:
        """Whether there is no limit."""
        return self.tokens is None and self.cost is None

    def exceeded_by(self, spent: Spent) -> str:
        """Which limit is reached, in words; empty while there is room.

        >>> Budget(tokens=1000).exceeded_by(Spent(900, 100, 4, 0.0))
        "the day's limit of 1,000 tokens is used up (1,000 so far)"
        """
        if self.tokens is not None and spent.tokens >= self.tokens:
            return f"the day's limit of {self.tokens:,} tokens is used up ({spent.tokens:,} so far)"
        if self.cost is not None and spent.cost >= self.cost:
            return f"the day's limit of {self.cost:.2f} USD is used up ({spent.cost:.2f} so far)"
        return ""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens, calls and USD of a stretch of time."""

    input_tokens: int
    output_tokens: int
    calls: int
    cost: float

    @property
    def tokens(self) -> int:
        """In and out together."""
        return self.input_tokens + self.output_tokens


class Spending:
    """Reads what was spent."""

    def __init__(self, database: Database, budget: Budget) -> None:
        self._database = database
        self.budget = budget

    def today(self, now: datetime | None = None) -> Spent:
        """Since midnight, UTC."""
        midnight = (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
        drafts = _sums(t.Draft.usage).where(t.Draft.created_at >= midnight, t.Draft.usage.is_not(None))
        others = _sums(g.ModelCall.usage).where(g.ModelCall.at >= midnight)
        with self._database.read() as connection:
            rows = [connection.execute(query).one() for query in (drafts, others)]
        tokens_in, tokens_out, calls, cost, free_in, free_out = (
            sum(value or 0 for value in column) for column in zip(*rows, strict=True)
        )
        priced = (free_in * self.budget.input_price + free_out * self.budget.output_price) / 1_000_000
        return Spent(int(tokens_in), int(tokens_out), int(calls), float(cost) + priced)

    def exceeded(self) -> str:
        """Which of today's limits is reached, in words; empty while there is room. Costs nothing without limits."""
        return "" if self.budget.is_open else self.budget.exceeded_by(self.today())

    def status(self) -> dict[str, Any]:
        """Today's spending beside its limits, as JSON."""
        spent = self.today()
        limits = {"tokens": self.budget.tokens, "cost": self.budget.cost}
        return {"day": f"{datetime.now(UTC):%Y-%m-%d}", **asdict(spent), "tokens": spent.tokens, "currency": "USD",
                "limits": limits, "exceeded": self.budget.exceeded_by(spent)}  # fmt: skip


def _sums(usage: Any) -> Select[Any]:
    """Tokens read and written, calls, USD where they are told, and the tokens whose price is not."""
    told = usage["cost"].as_float()
    read, written = usage["input_tokens"].as_integer(), usage["output_tokens"].as_integer()
    unpriced = told.is_(None)
    return select(
        func.sum(read), func.sum(written), func.sum(usage["calls"].as_integer()), func.sum(told),
        func.sum(case((unpriced, read), else_=0)), func.sum(case((unpriced, written), else_=0)),
    )  # fmt: skip
