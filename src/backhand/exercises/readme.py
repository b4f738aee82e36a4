"""The page for students: what to write, how to check it, and where the derivations are."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from backhand.exercises.catalogue import Convention
from backhand.exercises.source import Section, Source
from backhand.files.paths import command

PAGE = """\
# Neural networks by hand

In this folder are layers of neural networks whose code is missing: you derive the gradients and write both passes.
They follow the convention {name} ({course}): {form}, on {arrays}.

## What to write

Every function that raises `NotImplementedError` is yours.
Its docstring says what it takes and returns, in which shapes, and the error says what to assign and return.
What has a body already is given, and needs no change.

{table}

{axes}

## How to write it

1. Write the forward pass from the formula in the docstring.
2. Derive the backward pass on paper, index by index, before you write it.
   You are given the gradient of the loss with respect to the output, the upstream gradient, and you compute the
   gradients of the loss with respect to the inputs and the parameters.
3. Check it, as below, before you go on to the next layer.

A gradient always has the shape of its array.
Do not change arrays that you are given in place: the caller still needs them.
{factor}
The pages in [derivations](derivations/README.md) prove every gradient, and show common mistakes.
They use the notation of Backhand, where images are (N, H, W, C) and weights (in, out); your layers may have other axes.
Try it yourself first.

## How to check it

With Backhand installed, run

```sh
{commands}
```

It compares your gradients with numerical ones, and says which mistake it sees.
Functions that you have not written yet do not disturb the others.
"""
MEAN_IN_LOSS = "The mean over the samples belongs to the loss: no other layer has a factor 1/N."
MEAN_IN_LAYER = "Mind where the mean over the samples is taken: in one place only, which the docstrings name."


def readme(convention: Convention, sources: Sequence[Source], hints: Mapping[str, str]) -> str:
    """The page for students; hints: layer -> the page on which it is derived."""
    exercises = [source for source in sources if source.sections]
    paths = ["."] if convention.checked_together else [source.path for source in exercises]
    checks = [command(["backhand", "check", path]) for path in paths]
    return PAGE.format(
        name=convention.name,
        course=convention.course,
        form=convention.form,
        arrays=convention.arrays,
        table=_table(exercises, hints),
        axes=convention.axes,
        factor=MEAN_IN_LAYER if convention.mean_in_layer else MEAN_IN_LOSS,
        commands="\n".join(checks),
    )


def _table(sources: Sequence[Source], hints: Mapping[str, str]) -> str:
    rows = ["| file | layer | to write | derivation |", "|---|---|---|---|"]
    for source in sources:
        rows += [_row(source, section, hints.get(section.layer)) for section in source.sections]
    return "\n".join(rows)


def _row(source: Source, section: Section, page: str | None) -> str:
    functions = ", ".join(f"`{name}`" for name in section.to_write())
    link = f"[{PurePosixPath(page).stem}]({page})" if page else ""
    return f"| `{source.path}` | {section.layer} | {functions} | {link} |"
