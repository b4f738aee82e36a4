"""Embedding, flattening, and layers over sequences, right and written wrong on purpose."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from backhand.check.kinds.table import kind_named, likely
from tests.check.kinds.cases import case_of, draw_arrays, predicts

EMBEDDING, FLATTEN = kind_named("embedding"), kind_named("flatten")
LINEAR, LOSS = kind_named("temporal_linear"), kind_named("temporal_softmax_loss")


def test_rows_are_looked_up_as_in_pytorch():
    for config in EMBEDDING.configs():
        for layout in EMBEDDING.layouts():
            arrays = draw_arrays(EMBEDDING, config, layout)
            y = functional.embedding(torch.tensor(arrays["x"]), torch.tensor(arrays["w"])).numpy()
            assert not next(EMBEDDING.recognise(y, arrays, config, layout)).mistake
            if len(arrays["w"]) > 3:
                beside = arrays["w"][arrays["x"] - 1]
                assert next(EMBEDDING.recognise(beside, arrays, config, layout)).mistake == "index off by one"
            repeated = np.unique(arrays["x"]).size < arrays["x"].size
            assert repeated == config["repeated"]


def test_slips_of_an_embedding_are_foreseen():
    case = case_of(EMBEDDING, EMBEDDING.configs()[0], EMBEDDING.layouts()[0])
    x, dw = case.arrays["x"], np.zeros_like(case.arrays["w"])
    dw[x] += case.dy
    assert predicts(EMBEDDING, case, "repeated words overwritten", dw, "w")
    onehot = np.eye(len(dw))[x.ravel()]
    right = onehot.T @ case.dy.reshape(x.size, -1)
    assert predicts(EMBEDDING, case, "averaged over the batch", right / 3, "w")
    counts = np.maximum(onehot.sum(0), 1)[:, None]
    assert predicts(EMBEDDING, case, "averaged over the occurrences", right / counts, "w")
    assert predicts(EMBEDDING, case, "index off by one", np.roll(right, 1, 0), "w")


@pytest.mark.parametrize(
    ("words", "mistake", "function"),
    [
        ("rows", "", lambda x: torch.flatten(torch.tensor(x), 1).numpy()),
        ("columns", "", lambda x: x.reshape(len(x), -1).T),
        ("rows in the order of Fortran", "", lambda x: x.reshape(len(x), -1, order="F")),
        (None, "batch flattened too", lambda x: x.ravel()),
        (None, "samples mixed", lambda x: x.reshape(-1, len(x))),
    ],
)
def test_forms_of_flattening_are_recognised(words, mistake, function):
    config = FLATTEN.configs()[0]
    x = draw_arrays(FLATTEN, config, {})["x"]
    match = next(FLATTEN.recognise(function(x), {"x": x}, config, {}))
    assert (match.mistake, match.convention.get("result")) == (mistake, words)


def test_slips_of_flattening_are_foreseen():
    rows, columns = (case_of(FLATTEN, FLATTEN.configs()[0], {}, way) for way in (0, 1))
    shape = rows.arrays["x"].shape
    assert predicts(FLATTEN, rows, "not reshaped", rows.dy)
    assert predicts(FLATTEN, rows, "reshaped in another order", rows.dy.T.reshape(shape))
    assert predicts(FLATTEN, columns, "reshaped in another order", columns.dy.reshape(shape))


def test_the_linear_layer_over_sequences_is_pytorch_s():
    for config in LINEAR.configs():
        a = draw_arrays(LINEAR, config, {})
        y = functional.linear(torch.tensor(a["x"]), torch.tensor(a["w"].T.copy()), torch.tensor(a["b"])).numpy()
        assert not next(LINEAR.recognise(y, a, config, {})).mistake
        assert next(LINEAR.recognise(a["x"] @ a["w"], a, config, {})).mistake == "bias left out"


def test_slips_of_the_linear_layer_over_sequences_are_foreseen():
    case = case_of(LINEAR, LINEAR.configs()[1], {})
    x, w, dy = case.arrays["x"], case.arrays["w"], case.dy
    assert predicts(LINEAR, case, "transposed weights missing", dy @ w)
    assert predicts(LINEAR, case, "not summed over the steps", dy.sum(0), "b")
    assert predicts(LINEAR, case, "not summed over the samples", dy.sum(1), "b")
    assert predicts(LINEAR, case, "averaged", dy.mean((0, 1)), "b")
    assert predicts(LINEAR, case, "last step only", x[:, -1].T @ dy[:, -1], "w")


def masked_loss(a):
    scores, labels = torch.tensor(a["x"]), torch.tensor(a["labels"])
    losses = functional.cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none").numpy()
    return losses.reshape(a["labels"].shape)


def test_the_masked_loss_is_pytorch_s():
    for config in LOSS.configs():
        a = draw_arrays(LOSS, config, {})
        losses, N = masked_loss(a), config["N"]
        for count, words in ((N, "the samples"), (a["mask"].sum(), "the steps that count")):
            match = next(LOSS.recognise(np.asarray((losses * a["mask"]).sum() / count), a, config, {}))
            assert not match.mistake
            assert N == 1 or a["mask"].sum() == N or match.convention["divided by"] == words
        assert next(LOSS.recognise(np.asarray(losses.sum() / N), a, config, {})).mistake == "mask left out"


def test_slips_of_the_masked_loss_are_foreseen():
    case = case_of(LOSS, LOSS.configs()[0], {})
    a = case.arrays
    p = torch.softmax(torch.tensor(a["x"]), 2).numpy()
    t, mask = np.eye(5)[a["labels"]], a["mask"][..., None]
    assert predicts(LOSS, case, "mask left out of dx", case.dy * (p - t) / 3)
    assert predicts(LOSS, case, "1/N missing", case.dy * (p - t) * mask)
    assert predicts(LOSS, case, "divided by samples and steps", case.dy * (p - t) * mask / 12)
    assert predicts(LOSS, case, "1 not subtracted", case.dy * p * mask / 3)
    assert predicts(LOSS, case, "mask subtracted for 1", case.dy * (p * mask - t) / 3)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("word_embedding_forward", "embedding"),
        ("Flattener", "flatten"),
        ("rnn_step_forward", "rnn_step"),
        ("rnn_forward", "rnn"),
        ("RNNCell", "rnn_step"),
        ("lstm_step_backward", "lstm_step"),
        ("lstm_forward", "lstm"),
        ("temporal_affine_forward", "temporal_linear"),
        ("temporal_softmax_loss", "temporal_softmax_loss"),
    ],
)
def test_names_of_sequences_are_understood(name, kind):
    assert likely(name).kinds[0].name == kind
