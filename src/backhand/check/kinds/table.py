"""All kinds of layers, and which of them a name speaks of."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backhand.check.kinds.attention import Attention
from backhand.check.kinds.average_pool import AveragePool
from backhand.check.kinds.binary_losses import BinaryCrossEntropy, BinaryHinge, LogisticLoss
from backhand.check.kinds.compound import Compound
from backhand.check.kinds.conv import Conv1d, Conv2d
from backhand.check.kinds.cross_entropy import SoftmaxCrossEntropy
from backhand.check.kinds.dropout import Dropout
from backhand.check.kinds.functions import Identity, OtherFunction
from backhand.check.kinds.global_pool import GlobalAveragePool
from backhand.check.kinds.hinge import Hinge
from backhand.check.kinds.image_norms import GroupNorm, InstanceNorm, SpatialBatchNorm
from backhand.check.kinds.indexing import Embedding, Flatten
from backhand.check.kinds.kind import Kind
from backhand.check.kinds.linear import Linear
from backhand.check.kinds.lstm import LSTM, LSTMStep
from backhand.check.kinds.max_pool import MaxPool
from backhand.check.kinds.norms import BatchNorm, LayerNorm
from backhand.check.kinds.penalty import Penalty
from backhand.check.kinds.prelu import PReLU
from backhand.check.kinds.probability_losses import CrossEntropy, NegativeLogLikelihood
from backhand.check.kinds.rectifiers import ELU, SELU, LeakyReLU, ReLU
from backhand.check.kinds.recurrent import RNN, RNNStep
from backhand.check.kinds.regression import Huber, MeanAbsoluteError, MeanSquaredError
from backhand.check.kinds.smooth import GELU, Sigmoid, Softplus, Swish, Tanh
from backhand.check.kinds.softmax import Softmax
from backhand.check.kinds.temporal import TemporalLinear, TemporalSoftmaxLoss
from backhand.check.reading.roles import roles
from backhand.check.reading.words import words

# In the order in which they are tried: the frequent ones first.
KINDS: tuple[Kind, ...] = (
    Linear(),
    ReLU(),
    Sigmoid(),
    Tanh(),
    Softmax(),
    SoftmaxCrossEntropy(),
    MeanSquaredError(),
    CrossEntropy(),
    BinaryCrossEntropy(),
    LogisticLoss(),
    Conv2d(),
    MaxPool(),
    AveragePool(),
    Dropout(),
    BatchNorm(),
    SpatialBatchNorm(),
    PReLU(),
    LeakyReLU(),
    Flatten(),
    Hinge(),
    LayerNorm(),
    ELU(),
    Penalty(),
    RNNStep(),
    RNN(),
    LSTMStep(),
    LSTM(),
    Embedding(),
    TemporalLinear(),
    TemporalSoftmaxLoss(),
    GroupNorm(),
    InstanceNorm(),
    NegativeLogLikelihood(),
    BinaryHinge(),
    MeanAbsoluteError(),
    Huber(),
    Conv1d(),
    SELU(),
    GELU(),
    Swish(),
    Softplus(),
    Identity(),
    OtherFunction(),
    Attention(),
    GlobalAveragePool(),
)
# Words that say what a function is part of, and nothing of its kind.
_FILLERS = """
    layer layers module modules op forward backward fwd bwd pass naive fast alt vectorized vec grad gradient deriv
    derivative prime prop fprop bprop function func fn unit block my custom own numpy np with and the of
    compute calculate calc torch
"""
FILLERS = frozenset(_FILLERS.split())
ACTIVATION = ("activation", "activations", "nonlinearity", "act")
# Roles of arguments with the kinds that have them all, for names that say nothing.
HINTS: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (frozenset({"gamma", "beta"}), ("batchnorm", "spatial_batchnorm", "layernorm")),
    (frozenset({"prev_h", "prev_c"}), ("lstm_step",)),
    (frozenset({"prev_h"}), ("rnn_step", "rnn")),
    (frozenset({"w", "stride"}), ("conv2d",)),
    (frozenset({"w", "padding"}), ("conv2d",)),
    (frozenset({"in", "out", "window"}), ("conv2d",)),
    (frozenset({"stride"}), ("max_pool", "avg_pool")),
    (frozenset({"labels"}), ("softmax_cross_entropy", "mean_squared_error")),
    (frozenset({"w", "b"}), ("linear",)),
    (frozenset({"in", "out"}), ("linear",)),
    (frozenset({"p"}), ("dropout",)),
)


class Likely(NamedTuple):
    """All kinds, the likeliest first.

    settled: whether the name speaks of the first ones.   spoken: how many of them it may speak of; a name such as
    BatchNorm leaves several.
    """

    kinds: list[Kind]
    settled: bool
    spoken: int = 0


def likely(name: str, argument_names: Sequence[str] = ()) -> Likely:
    """The kinds in the order in which they are to be tried for a class or function of this name.

    A name of two kinds, such as affine_relu, gives a compound of both first, then the two alone. Where the name says
    nothing, the arguments decide the order.
    """
    spoken = list(_spoken(name))
    if not spoken:
        return Likely(_first([*_of_sequences(name), *_hinted(argument_names)]), False)
    first = [kinds[0] for kinds in spoken]
    if len(spoken) > 1 or _has_activation(name, first[0]):
        return Likely([compound(first), *_first([kind for kinds in spoken for kind in kinds])], True, 1)
    return Likely(_first(spoken[0]), True, len(spoken[0]))


def compound(kinds: Sequence[Kind]) -> Compound:
    """The kinds in a row as one, with the arrays of the first and no result that is known."""
    return Compound(kinds)


def kind_named(name: str) -> Kind:
    """The kind of this name. Raises KeyError where there is none."""
    return {kind.name: kind for kind in KINDS}[name]


def _first(kinds: Sequence[Kind]) -> list[Kind]:
    return [*dict.fromkeys(kinds), *(kind for kind in KINDS if kind not in kinds)]


def _named() -> dict[str, list[Kind]]:
    """The kinds by each of their names, written as one word."""
    table: dict[str, list[Kind]] = {}
    for kind in KINDS:
        for entry in dict.fromkeys(entry.replace(" ", "") for entry in kind.names):
            table.setdefault(entry, []).append(kind)
    return table


NAMED = _named()


def spoken_kinds(name: str) -> set[Kind]:
    """The kinds of which a name speaks."""
    return {kind for kinds in _spoken(name) for kind in kinds}


def _spoken(name: str) -> Iterator[list[Kind]]:
    """The kinds that a name speaks of, in its order.

    Fillers are passed over, unless they are part of an entry, as the first word of layer norm is.
    """
    pieces = words(name)
    whole = _runs(pieces)
    bare = _runs([piece for piece in pieces if piece not in FILLERS])
    longest = max((whole, bare), key=lambda runs: max((len(run) for run in runs), default=0))
    telling = [run for run in longest if run != "cost"]  # MSECost speaks of one kind only
    yield from (NAMED[run] for run in telling or longest)


def _runs(pieces: Sequence[str]) -> list[str]:
    """The entries that these words make, in order: the longest first choose their words, and no word counts twice."""
    spans = [(start, stop) for start in range(len(pieces)) for stop in range(start + 1, len(pieces) + 1)]
    known = [span for span in spans if "".join(pieces[slice(*span)]) in NAMED]
    known.sort(key=lambda span: -len("".join(pieces[slice(*span)])))
    taken: list[tuple[int, int]] = []
    for start, stop in known:
        if all(stop <= first or start >= last for first, last in taken):
            taken.append((start, stop))
    return ["".join(pieces[slice(*span)]) for span in sorted(taken)]


def _has_activation(name: str, kind: Kind) -> bool:
    """Whether the name adds an activation that it does not name, as linear_activation_forward does."""
    return bool(kind.parameters) and any(piece in ACTIVATION for piece in words(name))


def _of_sequences(name: str) -> list[Kind]:
    """The kind whose arrays suit a name that ends in 1d: samples with channels and one axis more."""
    return [kind_named("conv1d")] if name.lower().rstrip("_").endswith("1d") else []


def _hinted(argument_names: Sequence[str]) -> list[Kind]:
    given = {role for name in argument_names for role in roles(name)[:3]}
    names = [name for needed, suggested in HINTS if needed <= given for name in suggested]
    return [kind for name in dict.fromkeys(names) for kind in KINDS if kind.name == name]
