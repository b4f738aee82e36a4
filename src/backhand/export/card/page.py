"""The sections of a model card, in their order."""

from collections.abc import Sequence

import backhand
from backhand.export.card.front_matter import front_matter
from backhand.export.card.limits import limits
from backhand.export.card.markdown import escape, points, table
from backhand.export.card.usage import usage
from backhand.export.pipeline import Pipeline
from backhand.files import jsontext
from backhand.predictors.provenance import ClassFigures, Figure, Provenance

SHARES = ("accuracy", "precision", "recall", "f1")  # figures that are shown in percent
PURPOSE = (
    "Not written yet: the person who publishes this model says here what it is for, and what it must not be used for."
)
LICENCE = (
    "Not chosen yet: the person who publishes this model chooses its licence, here and in the first lines of this file."
)


def model_card(pipeline: Pipeline, forms: Sequence[str] = (), repo_id: str = "") -> str:
    """The model card as Markdown, with the front matter of the Hugging Face Hub.

    forms: those that lie beside it, whose use it explains.   repo_id: its repository there, if it has one.
    """
    known = pipeline.provenance
    sections = {
        "Use": usage(pipeline, forms, repo_id) if forms else "",
        "Result": _result(known),
        "Limits": points(limits(pipeline)),
        "Data": _data(pipeline),
        "Training": _training(known),
        "Network": _network(pipeline),
        "Purpose": PURPOSE,
        "Licence": LICENCE,
    }
    body = (f"## {title}\n\n{text}" for title, text in sections.items() if text)
    title = escape(known.title or known.name or "A network")
    return "\n\n".join((front_matter(pipeline, forms), f"# {title}", _summary(pipeline), *body)) + "\n"


def _summary(pipeline: Pipeline) -> str:
    known = pipeline.provenance
    made = f"trained with Backhand {known.training.machine.get('backhand', '')}" if known.training else "of Backhand"
    kind = f"classifier of {len(pipeline.classes)} classes" if pipeline.classes else "network"
    kind = f"regression of {', '.join(pipeline.targets)}" if pipeline.targets else kind
    sentences = [f"A {kind}, {made.strip()}, with {_parameters(pipeline):,} parameters."]
    if known.test is not None and known.test.figures:
        first = known.test.figures[0]
        sentences.append(f"Test {first.name} {_figure(first)}.")
    return escape(" ".join(sentences))


def _result(known: Provenance) -> str:
    test = known.test
    if test is None:
        return ""
    rows = [(figure.name, _value(figure.name, figure.value), _interval(figure)) for figure in test.figures]
    text = f"On {test.count:,} test samples, which had no part in the training and were looked at once:"
    parts = [text, table(("figure", "value", "interval"), rows, "lrl")]
    if test.per_class:
        head = ("class", "precision", "recall", "F1", "test samples")
        parts.append(table(head, map(_class_row, test.per_class), "lrrrr"))
    return "\n\n".join(parts)


def _class_row(row: ClassFigures) -> tuple[str, ...]:
    shares = ("–" if value is None else f"{value:.2%}" for value in (row.precision, row.recall, row.f1))
    return row.name, *shares, f"{row.support:,}"


def _data(pipeline: Pipeline) -> str:
    data = pipeline.provenance.data
    listed = {"Classes": pipeline.classes, "Targets": pipeline.targets, "Features": pipeline.features}
    names = " ".join(f"{what}, in their order: {', '.join(each)}." for what, each in listed.items() if each)
    if data is None:
        return escape(names)
    source = data.source or data.title or data.name
    text = f"{source[:1].upper()}{source[1:]}. Samples: {pipeline.input_text}. {names}"
    splits = list(data.counts)
    rows = [(name, *(f"{data.counts[split][k]:,}" for split in splits)) for k, name in enumerate(pipeline.classes)]
    rows.append(("all", *(f"{sum(data.counts[split]):,}" for split in splits)))
    parts = [escape(text), table(("class" if pipeline.classes else "", *splits), rows, "l" + "r" * len(splits))]
    return "\n\n".join(parts + ([f"SHA-256 of all samples and labels: `{data.sha256}`"] if data.sha256 else []))


def _training(known: Provenance) -> str:
    training = known.training
    if training is None:
        return ""
    length = f"It took {training.epochs} epochs and {training.seconds:.1f} s"
    kept = f"; the weights of epoch {training.chosen_epoch} were kept" if training.chosen_epoch is not None else ""
    seed = "" if training.seed is None else f" All randomness came from the seed {training.seed}."
    machine = [(key, value) for key, value in {"started": training.started, **training.machine}.items() if value]
    settings = [(key, jsontext.dumps(value)) for key, value in training.settings.items()]
    parts = [escape(f"{training.recipe} {length}{kept}.{seed}")]
    parts += [table(("where it ran", ""), machine, "ll")] if machine else []
    if settings:
        parts += ["<details><summary>All settings</summary>", table(("key", "value"), settings, "ll"), "</details>"]
    return "\n\n".join(parts)


def _network(pipeline: Pipeline) -> str:
    rows = [
        (row["name"], row["layer"], " × ".join(map(str, row["output"])), f"{row['parameters']:,}")
        for row in pipeline.model.rows()
    ]
    rows.append(("", "all", "", f"{_parameters(pipeline):,}"))
    made = f"Written by Backhand {backhand.__version__}, a library in which every gradient is derived by hand."
    return "\n\n".join((table(("", "layer", "output", "parameters"), rows, "llrr"), made))


def _parameters(pipeline: Pipeline) -> int:
    return sum(row["parameters"] for row in pipeline.model.rows())


def _figure(figure: Figure) -> str:
    interval = _interval(figure)
    return _value(figure.name, figure.value) + (f" ({interval})" if interval else "")


def _interval(figure: Figure) -> str:
    if figure.interval is None:
        return ""
    low, high = (_value(figure.name, value) for value in figure.interval)
    return f"{low} to {high}, {figure.interval_kind}"


def _value(name: str, value: float) -> str:
    return f"{value:.2%}" if name.split()[-1] in SHARES else f"{value:.4g}"
