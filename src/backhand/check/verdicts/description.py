"""How a unit was read, in one line: its kind, the arrangement of its arrays, and where its gradients are."""

from collections.abc import Collection, Mapping

from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.reading.reader import Reading
from backhand.check.verdicts.naming import homes_of

# How the choices of a forward pass are told, by their names; those that are missing are told as they are.
PHRASES: Mapping[str, str] = {
    "samples": "samples in {0}",
    "weight": "{w} {0}",
    "bias": "bias {0}",
    "channels": "channels {0}",
    "images": "channels {0}",
    "p": "p is {0}",
    "scale": "{0}",
    "function": "{0}",
    "reduction": "{0}",
    "form": "{0}",
    "kernel": "kernel {0}",
    "padding": "padding {0}",
    "eps": "\N{GREEK SMALL LETTER EPSILON} = {0}",
    "followed by": "followed by {0}",
    "labels": "labels as {0}",
}
UNSAID = frozenset({"axes", "test pass", "size", "parameters"})  # choices that say nothing to the reader


def describe(reading: Reading, seen: Collection[str]) -> str:
    """A line such as "Linear: samples in rows, W (in, out), bias (1, out); gradients in `self.dW`, overwritten"."""
    known = reading.match or reading.kind.name.startswith("network")
    title = reading.kind.title if known else "A layer of its own kind"
    said = _choices(reading) if reading.match else _shapes(reading)
    pieces = [", ".join(said)] if said else []
    homes = [home for home in homes_of(reading).values() if home not in ("", "returned")]
    if homes:
        manner = "added up" if "gradients accumulate" in seen else "overwritten"
        shown = ", ".join(f"`{home}`" for home in homes[:4]) + (" and so on" if len(homes) > 4 else "")
        pieces.append(f"gradients in {shown}, {manner}")
    return f"{title}: {'; '.join(pieces)}" if pieces else title


def _choices(reading: Reading) -> list[str]:
    assert reading.match is not None
    specimen = reading.specimen
    names = {role: name for name, role in specimen.roles.items()} if specimen is not None else {}
    return [
        PHRASES.get(name, f"{name} {{0}}").format(choice, w=names.get("w", "weights"))
        for name, choice in reading.match.convention.items()
        if name not in UNSAID and choice
    ]


def _shapes(reading: Reading) -> list[str]:
    """The parameters of a unit of no known kind, with their shapes."""
    specimen = reading.specimen
    assert specimen is not None
    parameters = (
        [p.name for p in specimen.parameters] if isinstance(specimen, ObjectSpecimen) else list(specimen.arrays)
    )
    shown = [f"{name} {specimen.arrays[name].shape}" for name in parameters if name in specimen.arrays]
    return [*shown[:4], *(["and so on"] if len(shown) > 4 else [])]
