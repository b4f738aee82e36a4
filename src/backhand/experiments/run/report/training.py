"""The section on training: the curves, and what they show in words."""

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.recipe import recipe
from backhand.experiments.run.record import Run
from backhand.experiments.run.report import curves, tables
from backhand.experiments.run.report.curves import ACCURACY, GRADIENT, LOSS, MOMENTUM, R2, RATE, RMSE, Quantity
from backhand.page.blocks import Block, Image, Images, Text
from backhand.page.numbers import counted, decimal, duration, percent, significant, time_spent
from backhand.page.range_test import plot
from backhand.training.metrics import key_of


def training(run: Run) -> tuple[Block, ...]:
    """The recipe, then plots of loss, accuracy, learning rate and gradient norm against the epoch or the time."""
    method = tuple(map(Text, filter(None, [recipe(run.study)])))
    if not run.history:
        return *method, Text("No epoch was finished.")
    if len(run.history) == 1:
        return *method, Text(_summary(run)), tables.epoch(run.history[0]), *_range_test(run)
    further = [R2, RATE, GRADIENT]
    if len({epoch.momentum for epoch in run.history}) > 1:
        further.append(MOMENTUM)
    images = [image for quantity in (LOSS, ACCURACY, RMSE) for image in _epoch_and_time(run, quantity)]
    images += [_image(run, quantity) for quantity in further if curves.recorded(run, quantity)]
    return *method, Text(_summary(run)), Images(tuple(images)), *_range_test(run)


def _range_test(run: Run) -> tuple[Block, ...]:
    """The range test by which the learning rate was chosen; nothing where the study gives the rate."""
    if run.rates is None:
        return ()
    lr = float(run.study.train.optimizer.lr)
    text = (
        "The learning rate was chosen by a range test, which trains on a few batches again and again while the rate "
        f"rises. The smoothed loss had fallen half way at a rate of {run.rates.halfway:.2g} and was lowest at "
        f"{run.rates.lowest:.2g}; the rate chosen is {lr:g}."
    )
    caption = (
        "Loss of each batch while the learning rate rises. The lines mark the rate with the lowest loss, and the rate "
        "that was chosen."
    )
    image = Image("range-test", plot(run.rates, chosen=lr), "Loss against learning rate in the range test", caption)
    return Text(text), Images((image,))


def _summary(run: Run) -> str:
    """Sentences on the length of the training, why it ended, and what the training figures mean."""
    facts, last = run.metrics.training, run.history[-1]
    length = f"{time_spent(last.epoch, last.step, last.elapsed, facts.saving_seconds)}."
    stopped = f" Why training ended: {facts.stopped}." if run.chosen and facts.stopped else ""
    meaning = f" The training figures are {facts.train_metrics}." if facts.train_metrics else ""
    return length + stopped + meaning


def _epoch_and_time(run: Run, quantity: Quantity) -> list[Image]:
    """A plot of the quantity against the epoch, and one against the training time."""
    series = curves.recorded(run, quantity)
    if not series:
        return []
    name = _name(quantity)
    chosen = run.chosen
    end = (
        f"epoch {chosen.epoch}, which was kept, ended after {duration(chosen.elapsed)}"
        if chosen
        else f"the last epoch ended after {duration(run.history[-1].elapsed)}"
    )
    caption = f"{_sentence_case(name)} against training time: {end}.{_scale(quantity, series)}"
    return [
        _image(run, quantity),
        Image(f"{_file_name(name)}-time", curves.draw(run, quantity, "time"), caption.removesuffix("."), caption),
    ]


def _image(run: Run, quantity: Quantity) -> Image:
    series = curves.recorded(run, quantity)
    name = _name(quantity)
    trends = "; ".join(_trend(run, quantity, line, values) for line, values in series.items())
    caption = f"{_sentence_case(name)} against epoch: {trends}.{_scale(quantity, series)}"
    alt = f"{_sentence_case(name)} against epoch: {trends}"
    return Image(f"{_file_name(name)}-epoch", curves.draw(run, quantity), alt, caption)


def _name(quantity: Quantity) -> str:
    return quantity.label.split(" (")[0]


def _file_name(name: str) -> str:
    """The beginning of a plot's file name, in ASCII."""
    return key_of(name).replace("_", "-")


def _sentence_case(name: str) -> str:
    """The name with a capital at its beginning; RMSE stays as it is."""
    return name[:1].upper() + name[1:]


def _scale(quantity: Quantity, series: dict[str, NDArray[np.float64]]) -> str:
    return " Logarithmic scale." if curves.logarithmic(quantity, series) else ""


def _trend(run: Run, quantity: Quantity, line: str, values: NDArray[np.float64]) -> str:
    """The course of a line in words, such as: validation from 2.2000 to 0.3000, lowest 0.2000 at epoch 7."""
    indices = np.flatnonzero(np.isfinite(values))
    highest = quantity.metric is not None and quantity.metric.higher_is_better
    best = int(np.nanargmax(values) if highest else np.nanargmin(values))
    first, last, extreme = (_value_text(quantity, float(values[i])) for i in (indices[0], indices[-1], best))
    text = f"from {first} to {last}" if first != last else f"{first} throughout"
    if len(indices) == 1:
        text = f"{first} after epoch {run.history[indices[0]].epoch}"
    if len(quantity.series) > 1:
        text = f"{line} {text}"
        if extreme not in (first, last):
            text += f", {'highest' if highest else 'lowest'} {extreme} at epoch {run.history[best].epoch}"
    if len(indices) < len(values):
        text += f", without a finite value in {counted(len(values) - len(indices), 'epoch')}"
    return text


def _value_text(quantity: Quantity, value: float) -> str:
    if quantity.metric is not None and quantity.metric.unit == "%":
        return percent(value / 100)
    return decimal(value) if quantity is LOSS else significant(value, 4)
