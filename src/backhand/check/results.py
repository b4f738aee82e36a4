"""What a check found, and how findings are put together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Result:
    """The finding on one array, op, layer or model: it passed when there is no failure.

    error: the worst relative error against differences. compared, skipped: coordinates, those skipped lying at kinks.
    failures: one sentence each.
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
        """Nothing failed."""
        return not self.failures

    def with_prefix(self, place: str) -> "Result":
        """The same finding, with the place put before every sentence."""
        return replace(self, failures=tuple(f"{place}: {failure}" for failure in self.failures))


def merge(name: str, results: Iterable[Result], *, configurations: int | None = None) -> Result:
    """Many findings as one: errors by the worst, counts by the sum. Merging none is a failure: nothing was checked."""
    found: Sequence[Result] = tuple(results)
    if not found:
        return Result(name, 0.0, configurations=0, failures=(f"{name}: nothing was checked; give it a case",))
    worst = max(found, key=lambda result: result.error / result.limit)
    return Result(
        name,
        worst.limit,
        worst.error,
        sum(result.compared for result in found),
        sum(result.skipped for result in found),
        sum(result.configurations for result in found) if configurations is None else configurations,
        tuple(failure for result in found for failure in result.failures),
    )
