"""Judges layers, losses and updates together: what is right or wrong only as the file wires them.

Whether the batch is averaged is decided once. A layer that divides its gradients by the batch size is right beside a
loss that does not, and wrong beside one that does; a loss whose gradient lacks the 1/N of its value is right only with
layers that divide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from backhand.check.review.records import Finding
from backhand.check.verdicts.judge import Judgement


def judge_together(judgements: Sequence[Judgement]) -> tuple[list[Finding], dict[int, tuple[Finding, ...]]]:
    """The findings on the file as a whole, and those that belong to single units after all, by their positions."""
    layers = [j for j in judgements if _has_parameters(j)]
    losses = [j for j in judgements if "labels" in j.reading.kind.constants and j.reading.unit.form != "network"]
    averaging, summing = [j for j in layers if j.averaged], [j for j in losses if j.summed]
    mixed = [(j, others) for j in averaging if (others := _not_averaging_beside(j, layers))]
    own: dict[int, tuple[Finding, ...]] = {}
    findings: list[Finding] = []
    if mixed:
        findings += [_mixed(j, others) for j, others in mixed]
    elif averaging and losses and not summing and all(_is_mean(j) for j in losses):
        findings += [_averaged_twice(j, losses) for j in averaging]
    for j in summing:
        if not averaging:
            own[judgements.index(j)] = j.pending if layers else tuple(map(_right_only_with_averaging, j.pending))
    findings += _accumulation(layers)
    return findings, own


def _right_only_with_averaging(finding: Finding) -> Finding:
    """A loss whose gradient lacks the 1/N of its value, in a file without layers that could take it."""
    return replace(
        finding,
        severity="warning",
        explanation=f"{finding.explanation} It is right only beside layers that divide their own gradients by N.",
    )


def _has_parameters(judgement: Judgement) -> bool:
    specimen = judgement.reading.specimen
    return (
        specimen is not None
        and judgement.reading.unit.form != "loss function"
        and "labels" not in judgement.reading.kind.constants
        and bool(specimen.parameter_names)
    )


def _not_averaging_beside(judgement: Judgement, layers: Sequence[Judgement]) -> list[Judgement]:
    """The layers of the same network that do not average the batch; none where all of them are wrong themselves.

    Layers are of one network where they are of one file, or each alone in its own, as in a library of layers.
    """
    modules = [j.reading.unit.module for j in layers]
    own = judgement.reading.unit.module
    alone = [module for module in modules if modules.count(module) == 1] if modules.count(own) == 1 else []
    others = [j for j in layers if not j.averaged and j.reading.unit.module in (own, *alone)]
    return [] if all(j.review.worst == "wrong" for j in others) else others


def _is_mean(judgement: Judgement) -> bool:
    match = judgement.reading.match
    return match is not None and "mean" in match.convention.get("reduction", "")


def _mixed(judgement: Judgement, plain: Sequence[Judgement]) -> Finding:
    others = " and ".join(f"`{j.review.name}`" for j in plain[:3])
    return replace(
        judgement.pending[0],
        severity="wrong",
        pass_name="together",
        cause="averaged in some layers only",
        headline=f"`{judgement.review.name}` averages its gradients over the batch, and {others} does not",
        explanation="All layers must agree, or their gradients have different scales.",
        change=None,
    )


def _averaged_twice(judgement: Judgement, losses: Sequence[Judgement]) -> Finding:
    loss = losses[0].review.name
    return replace(
        judgement.pending[0],
        severity="wrong",
        pass_name="together",
        cause="averaged twice",
        headline=f"both `{judgement.review.name}` and `{loss}` divide their gradients by the batch size",
        explanation="The batch is averaged twice, so the steps are too small by its size. Divide once, in the loss.",
    )


def _accumulation(layers: Sequence[Judgement]) -> Iterator[Finding]:
    adding = [j for j in layers if j.accumulates]
    setting = [j for j in layers if not j.accumulates]
    if adding and setting:
        names = [" and ".join(f"`{j.review.name}`" for j in group[:3]) for group in (adding, setting)]
        yield Finding(
            "warning",
            "accumulation in some layers only",
            "together",
            f"{names[0]} adds its gradients to those of earlier passes, and {names[1]} overwrites them",
            explanation="Whoever calls backward twice, or sets gradients to 0, must know which: let all layers agree.",
            place=adding[0].review.place,
        )
