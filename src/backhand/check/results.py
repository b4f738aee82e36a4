"""The results of checks, and how several are merged into one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Result:
    """The result for one array, op, layer or model, which passed if there is no failure.

    error: the largest relative error.   limit: the largest that passes.   compared: the number of coordinates that were
    compared.   skipped: the number of those at kinks.   configurations: how many were checked.   failures: one sentence
    for each.
    """

    name: str
    limit: float
    error: float = 0.0
    compared: int = 0
    skipped: int = 0
    configurations: int = 1
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is no failure."""
        return not self.failures

    def with_prefix(self, prefix: str) -> "Result":
        """The same result, with a prefix and a colon before every failure."""
        return replace(self, failures=tuple(f"{prefix}: {failure}" for failure in self.failures))

    def _repr_html_(self) -> str:
        """The result as a notebook shows it."""
        return Results([self])._repr_html_()


class Results(list[Result]):
    """The results of one check, a list, which a notebook shows as a table with the failures below it."""

    __slots__ = ()

    @property
    def passed(self) -> bool:
        """Whether there are results, and all of them passed."""
        return bool(self) and all(result.passed for result in self)

    def _repr_html_(self) -> str:
        """The largest error of each gradient, and what failed."""
        from backhand.notebook import html

        verdict = "passed" if self.passed else "failed" if self else "nothing was checked"
        head = ("gradient", "verdict", "largest relative error", "limit", "compared", "at kinks")
        table = html.table(head, map(_cells, self), "llrrrr")
        failures = [html.paragraph(failure) for result in self for failure in result.failures]
        return html.view(html.heading(f"Gradient check: {verdict}"), table, *failures)


def _cells(result: Result) -> tuple[str, ...]:
    verdict = "passed" if result.passed else "failed"
    error, limit = f"{result.error:.1e}", f"{result.limit:.0e}"
    return result.name, verdict, error, limit, f"{result.compared:,}", f"{result.skipped:,}"


def merge(name: str, results: Iterable[Result], *, configurations: int | None = None) -> Result:
    """Several results as one, with the largest error and the sums of the counts. No results at all are a failure."""
    merged: Sequence[Result] = tuple(results)
    if not merged:
        return Result(name, 0.0, configurations=0, failures=(f"{name}: nothing was checked; give it a case",))
    worst = max(merged, key=lambda result: result.error / result.limit)
    return Result(
        name,
        worst.limit,
        worst.error,
        sum(result.compared for result in merged),
        sum(result.skipped for result in merged),
        sum(result.configurations for result in merged) if configurations is None else configurations,
        tuple(failure for result in merged for failure in result.failures),
    )
