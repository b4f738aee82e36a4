"""Recurrent layers against PyTorch, and passes written wrong on purpose."""

import numpy as np
import pytest
import torch

from backhand.check.kinds.kind import agree
from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts

STEP, RNN, LSTM_STEP, LSTM = (kind_named(name) for name in ("rnn_step", "rnn", "lstm_step", "lstm"))
SQUARE = next(config for config in STEP.configs() if config["D"] == config["H"])


def torch_layer(function, arrays, gates=1):
    D, H = arrays["w"].shape[0], arrays["w"].shape[1] // gates
    layer = function(D, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(arrays["w"].T))
        layer.weight_hh_l0.copy_(torch.tensor(arrays["wh"].T))
        layer.bias_ih_l0.copy_(torch.tensor(arrays["b"]))
        layer.bias_hh_l0.zero_()
    return layer


@pytest.mark.parametrize("config", RNN.configs(), ids=lambda config: config.name)
def test_sequences_are_those_of_pytorch(config):
    arrays = draw_arrays(RNN, config, {})
    state = torch.tensor(arrays["prev_h"])[None]
    y = torch_layer(torch.nn.RNN, arrays)(torch.tensor(arrays["x"]), state)[0].detach().numpy()
    match = next(RNN.recognise(y, arrays, config, {}))
    assert (match.mistake, match.convention["activation"]) == ("", "tanh")
    arrays = draw_arrays(LSTM, config, {})
    state = torch.tensor(arrays["prev_h"])[None]
    layer = torch_layer(torch.nn.LSTM, arrays, 4)
    y = layer(torch.tensor(arrays["x"]), (state, torch.zeros_like(state)))[0].detach().numpy()
    match = next(LSTM.recognise(y, arrays, config, {}))
    assert (match.mistake, match.convention["gates"]) == ("", "i, f, g, o")


def test_steps_are_those_of_pytorch():
    config = STEP.configs()[0]
    arrays = draw_arrays(STEP, config, {})
    sequence = {**arrays, "x": arrays["x"][:, None]}
    state = torch.tensor(arrays["prev_h"])[None]
    y = torch_layer(torch.nn.RNN, arrays)(torch.tensor(sequence["x"]), state)[0][:, 0].detach().numpy()
    assert not next(STEP.recognise(y, arrays, config, {})).mistake
    arrays = draw_arrays(LSTM_STEP, config, {})
    state, cell = (torch.tensor(arrays[role])[None] for role in ("prev_h", "prev_c"))
    _, (h, c) = torch_layer(torch.nn.LSTM, arrays, 4)(torch.tensor(arrays["x"][:, None]), (state, cell))
    y = np.concatenate([h.detach().numpy().ravel(), c.detach().numpy().ravel()])
    assert not next(LSTM_STEP.recognise(y, arrays, config, {})).mistake


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gates(a):
    i, f, o, g = np.split(a["x"] @ a["w"] + a["prev_h"] @ a["wh"] + a["b"], 4, axis=1)
    return sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)


def lstm(a, squash=np.tanh, in_state=None):
    i, f, o, g = gates(a)
    c = f * a["prev_c"] + i * g
    h = o * squash(c if in_state is None else a[in_state])
    return np.concatenate([h.ravel(), c.ravel()])


FORWARD = [
    (STEP, "recurrent term left out", lambda a: np.tanh(a["x"] @ a["w"] + a["b"])),
    (STEP, "bias left out", lambda a: np.tanh(a["x"] @ a["w"] + a["prev_h"] @ a["wh"])),
    (LSTM_STEP, "tanh of the cell left out", lambda a: lstm(a, squash=lambda c: c)),
    (LSTM_STEP, "old cell in the state", lambda a: lstm(a, in_state="prev_c")),
    (LSTM_STEP, "bias left out", lambda a: lstm({**a, "b": 0 * a["b"]})),
    (LSTM_STEP, "recurrent term left out", lambda a: lstm({**a, "prev_h": 0 * a["prev_h"]})),
]


@pytest.mark.parametrize(("kind", "mistake", "function"), FORWARD)
def test_mistakes_of_a_step_are_named(kind, mistake, function):
    arrays = draw_arrays(kind, kind.configs()[0], {})
    assert next(kind.recognise(function(arrays), arrays, kind.configs()[0], {})).mistake == mistake


def unrolled(kind, arrays, carried):
    h, c, states = arrays["prev_h"], np.zeros_like(arrays["prev_h"]), []
    for t in range(arrays["x"].shape[1]):
        start = h if "state" in carried else arrays["prev_h"]
        step = {**arrays, "x": arrays["x"][:, t], "prev_h": start, "prev_c": c}
        if kind is RNN:
            h = np.tanh(step["x"] @ step["w"] + start @ step["wh"] + step["b"])
        else:
            h, new = np.split(lstm(step).reshape(2, *h.shape), 2)
            h, c = h[0], new[0] if "cell" in carried else c
        states.append(h)
    return np.stack(states, 1)


@pytest.mark.parametrize(
    ("kind", "mistake", "carried"),
    [
        (RNN, "", ["state"]),
        (RNN, "state not carried", []),
        (LSTM, "", ["state", "cell"]),
        (LSTM, "state not carried", ["cell"]),
        (LSTM, "cell not carried", ["state"]),
    ],
)
def test_sequences_that_are_not_carried_on_are_named(kind, mistake, carried):
    arrays = draw_arrays(kind, kind.configs()[0], {})
    y = unrolled(kind, arrays, carried)
    assert next(kind.recognise(y, arrays, kind.configs()[0], {})).mistake == mistake


def test_slips_of_a_step_are_foreseen():
    case = case_of(STEP, SQUARE, {})
    a, y, dy = case.arrays, case.y, case.dy
    da = dy * (1 - y**2)
    assert predicts(STEP, case, "derivative left out", a["x"].T @ dy, "w")
    assert predicts(STEP, case, "derivative left out", dy @ a["wh"].T, "prev_h")
    assert predicts(STEP, case, "square missing", (dy * (1 - y)) @ a["w"].T, "x")
    assert predicts(STEP, case, "new state for the old", y.T @ da, "wh")
    assert predicts(STEP, case, "weights swapped", da @ a["w"].T, "prev_h")
    assert predicts(STEP, case, "weights swapped", da @ a["wh"].T, "x")
    assert predicts(STEP, case, "averaged over the batch", da.mean(0), "b")


def test_slips_of_a_sequence_are_foreseen():
    case = case_of(RNN, RNN.configs()[0], {})
    a, h, dy = case.arrays, case.y, case.dy
    local = dy * (1 - h**2)
    before = np.concatenate([a["prev_h"][:, None], h[:, :-1]], 1)
    assert predicts(RNN, case, "later steps do not reach earlier ones", local @ a["w"].T, "x")
    assert predicts(RNN, case, "later steps do not reach earlier ones", np.einsum("nth,ntk->hk", before, local), "wh")
    carry, last_only, right = np.zeros_like(a["prev_h"]), np.zeros_like(a["prev_h"]), []
    for t in (2, 1, 0):
        right.append((dy[:, t] + carry) * (1 - h[:, t] ** 2))
        first = dy[:, t] + carry
        carry = right[-1] @ a["wh"].T
        last_only = (dy[:, t] if t == 2 else last_only) * (1 - h[:, t] ** 2) @ a["wh"].T
    assert agree(case.true["prev_h"], carry, 1e-6)
    assert predicts(RNN, case, "upstream of the last step only", last_only, "prev_h")
    assert predicts(RNN, case, "steps overwritten", a["x"][:, 0].T @ right[-1], "w")
    assert predicts(RNN, case, "averaged over the steps", sum(da.sum(0) for da in right) / 3, "b")
    assert predicts(RNN, case, "state itself for what it gets", first, "prev_h")


def test_slips_of_an_lstm_step_are_foreseen():
    case = case_of(LSTM_STEP, LSTM_STEP.configs()[0], {})
    a = case.arrays
    dh, dc = case.dy.reshape(2, *a["prev_c"].shape)
    i, f, o, g = gates(a)
    t = np.tanh(f * a["prev_c"] + i * g)
    whole = dc + dh * o * (1 - t * t)
    assert agree(case.true["prev_c"], whole * f, 1e-6)
    for mistake, values in {
        "cell's upstream left out": dh * o * (1 - t * t) * f,
        "state's part in the cell left out": dc * f,
        "tanh of the cell not differentiated": (dc + dh * o) * f,
        "forget gate left out": whole,
    }.items():
        assert predicts(LSTM_STEP, case, mistake, values, "prev_c")
    gate = [whole * g, whole * a["prev_c"], dh * t, whole * i]
    right = np.hstack([d * s for d, s in zip(gate, (i - i * i, f - f * f, o - o * o, 1 - g * g), strict=True)])
    assert agree(case.true["b"], right.sum(0), 1e-6)
    assert predicts(LSTM_STEP, case, "gates not differentiated", np.hstack(gate).sum(0), "b")
    H = i.shape[1]
    order = np.r_[0 : 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]
    assert predicts(LSTM_STEP, case, "gates in another order", a["x"].T @ right[:, order], "w")
    swapped = np.r_[H : 2 * H, 0:H, 2 * H : 4 * H]
    assert predicts(LSTM_STEP, case, "gates in another order", a["x"].T @ right[:, swapped], "w")
    without = right.copy()
    without[:, H : 2 * H] = whole * f * (1 - f)
    assert predicts(LSTM_STEP, case, "factor of a gate left out", without.sum(0), "b")
    one_gate = right.copy()
    one_gate[:, :H] = whole * g
    assert predicts(LSTM_STEP, case, "gates not differentiated", one_gate.sum(0), "b")
    one_gate[:, :H] = whole * g * i
    assert predicts(LSTM_STEP, case, "gates differentiated in part", one_gate.sum(0), "b")
    assert not predicts(LSTM_STEP, case, "forget gate left out", right.sum(0), "b")
    as_gate = right.copy()
    as_gate[:, 3 * H :] = whole * i * g * (1 - g)
    assert predicts(LSTM_STEP, case, "candidate differentiated as a gate", a["prev_h"].T @ as_gate, "wh")


def test_slips_of_an_lstm_sequence_are_foreseen():
    case = case_of(LSTM, LSTM.configs()[0], {})
    a, H = case.arrays, case.y.shape[2]
    steps, h, c = [], a["prev_h"], np.zeros_like(a["prev_h"])
    for t in range(3):
        step = {**a, "x": a["x"][:, t], "prev_h": h, "prev_c": c}
        i, f, o, g = gates(step)
        c = f * c + i * g
        h = o * np.tanh(c)
        steps.append((step, i, f, o, g, np.tanh(c)))

    def backward(state, cell, derivative=True):
        dh, dc, db = 0, 0, np.zeros(4 * H)
        for t in (2, 1, 0):
            step, i, f, o, g, s = steps[t]
            dh = case.dy[:, t] + (dh if state else 0)
            dc = (dc if cell else 0) + dh * o * (1 - s * s if derivative else 1)
            da = np.hstack(
                [dc * g * i * (1 - i), dc * step["prev_c"] * f * (1 - f), dh * s * o * (1 - o), dc * i * (1 - g * g)]
            )
            dh, dc, db = da @ a["wh"].T, dc * f, db + da.sum(0)
        return dh, db

    assert agree(case.true["prev_h"], backward(True, True)[0], 1e-6)
    for mistake, carried in {
        "later steps do not reach earlier ones": (False, False),
        "cell's gradient not carried": (True, False),
        "state's gradient not carried": (False, True),
    }.items():
        dh, db = backward(*carried)
        assert predicts(LSTM, case, mistake, dh, "prev_h")
        assert predicts(LSTM, case, mistake, db, "b")
    assert predicts(LSTM, case, "tanh of the cell not differentiated", backward(True, True, False)[1], "b")
