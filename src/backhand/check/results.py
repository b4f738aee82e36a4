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
