"""Studies as values: out to TOML and back, overrides and seeds."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backhand.study import Study, changed, load, shipped, to_toml

counts = st.integers(1, 10**6)
positive = st.floats(1e-300, 1e300)
not_negative = st.floats(0, 1e300)
fraction = st.floats(0, 1, exclude_max=True)
inside = st.floats(0, 1, exclude_min=True, exclude_max=True)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
init = st.sampled_from(["he", "glorot", "lecun", "zeros", "dirac"]) | positive


def tables(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in required.items()}, optional=optional
    )


layer = st.one_of(
    tables({"kind": "linear", "outputs": counts}, init=init),
    tables({"kind": st.sampled_from(["relu", "sigmoid", "tanh", "flatten"])}),
    tables({"kind": "leaky_relu"}, slope=st.floats(-1, 1)),
    tables({"kind": "scale", "factor": positive}),
    tables({"kind": "dropout"}, p=fraction, mode=st.sampled_from(["inverted", "classic"])),
    tables({"kind": "layer_norm"}, eps=positive),
    tables({"kind": "group_norm", "groups": counts}, eps=positive),
    tables({"kind": "batchnorm"}, momentum=st.floats(0, 1, exclude_min=True), eps=positive),
)
model = st.one_of(
    tables(
        {"name": "mlp"},
        hidden=st.lists(counts, max_size=4),
        activation=st.sampled_from(["relu", "leaky_relu", "sigmoid", "tanh"]),
        dropout=fraction,
        batchnorm=st.booleans(),
        init=init,
    ),
    tables({"name": "sequential", "layers": st.lists(layer, min_size=1, max_size=4)}),
)
common = {"lr": positive, "momentum": fraction, "weight_decay": not_negative}
optimizer = st.one_of(
    tables({"kind": "sgd"}, **common),
    tables({"kind": "sgd", "momentum": inside, "nesterov": True}),
    tables({"kind": "rmsprop"}, **common, rho=fraction, eps=positive),
    tables({"kind": st.sampled_from(["adam", "adamw"])}, **common, beta2=fraction, eps=positive),
)
schedule = st.one_of(
    tables({"kind": "constant"}, warmup=not_negative),
    tables({"kind": "step", "every": positive}, factor=inside),
    tables({"kind": "exponential"}, every=positive, factor=inside),
    tables({"kind": "cosine"}, floor=not_negative),
    tables({"kind": "one_cycle"}, rise=inside, start=positive, end=positive),
    tables({"kind": "plateau"}, factor=inside, patience=counts, floor=not_negative),
    tables({"kind": "linear", "end": not_negative}, over=positive),
)
stopping = tables(
    {}, patience=counts, monitor=st.sampled_from(["train_loss", "train_accuracy"]), restore_best=st.booleans()
)
train = tables(
    {},
    epochs=counts,
    batch_size=counts,
    loss=st.just("softmax_cross_entropy"),
    label_smoothing=fraction,
    class_weights=st.sampled_from(["balanced", "sqrt"]) | st.lists(positive, min_size=1, max_size=4),
    optimizer=optimizer,
    schedule=schedule,
    momentum_schedule=schedule,
    l2=not_negative,
    l2_form=st.sampled_from(["half", "whole"]),
    clip_norm=positive,
    clip_value=positive,
    early_stopping=stopping,
    evaluate_train=st.booleans(),
    test_flips=st.booleans(),
    test_shift=st.integers(0, 9),
    accumulate=counts,
    max_steps=counts,
    max_seconds=positive,
    overfit_batches=counts,
    fast_dev_run=st.booleans(),
    unfreeze=st.dictionaries(st.integers(2, 99).map(str), st.lists(st.text(), min_size=1, max_size=2), max_size=2),
    layer_rates=st.dictionaries(st.text(), not_negative, max_size=2),
    average=st.one_of(tables({"kind": "ema"}, decay=fraction), tables({"kind": "swa"}, start=fraction)),
    metrics=st.lists(st.sampled_from(["macro_f1", "auc", "top3_accuracy"]), max_size=2),
)
augment = tables(
    {},
    flip=st.booleans(),
    crop=st.integers(0, 100),
    rotate=st.floats(0, 180),
    shift=fraction,
    scale=fraction,
    brightness=st.floats(0, 1),
    contrast=st.floats(0, 1),
    cutout=st.integers(0, 100),
    mixup=not_negative,
)
data = tables(
    {"name": st.text(max_size=20).filter(lambda name: name not in ("csv", "diabetes"))},
    groups=st.dictionaries(st.text(), st.lists(st.text(), min_size=1, max_size=3), min_size=2, max_size=3),
    path=names.map(lambda name: str(Path(name).resolve())),
    validation=fraction | st.integers(0, 10**6),
    train_size=counts,
    standardize=st.sampled_from(["none", "global", "channel", "feature"]),
    seed=st.integers(0, 2**32 - 1),
    skip_bad_images=st.booleans(),
    augment=augment,
)
columns = st.lists(st.text(), max_size=2)
table = tables(
    {"name": "csv"},
    path=names.map(lambda name: str(Path(name).resolve())),
    sample_weight=st.text(),
    drop=columns,
    categories=columns,
    missing=st.sampled_from(["refuse", "mean", "median", "most_frequent"]),
    standardize_target=st.booleans(),
)
of_classes = st.tuples(table, st.text()).map(lambda pair: pair[0] | {"label": pair[1]})
of_targets = st.tuples(table, st.text() | st.lists(st.text(), min_size=1, max_size=2)).map(
    lambda pair: pair[0] | {"target": pair[1]}
)
study = tables(
    {"name": names, "data": data, "model": model}, title=st.text(), seed=st.integers(0, 2**32 - 1), train=train
)


regression = tables(
    {"name": names, "data": of_targets, "model": model},
    train=tables({"loss": "huber"}, huber_delta=positive, optimizer=optimizer),
)
classes_of_a_table = tables({"name": names, "data": of_classes, "model": model}, train=train)


@given(study | regression | classes_of_a_table)
def test_a_study_comes_back_from_toml(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    written = Study.model_validate(values)
    path = tmp_path_factory.getbasetemp() / "drawn.toml"
    path.write_text(to_toml(written), "utf-8", newline="\n")
    read = load(str(path))
    assert read == written
    assert to_toml(read) == to_toml(written)


@given(study)
def test_toml_spells_out_what_was_given(values: dict[str, Any]) -> None:
    """Nothing that was set is lost: every given value is in the study's own dump."""

    def contains(whole: Any, part: Any) -> bool:
        if isinstance(part, dict):
            return all(contains(whole[key], value) for key, value in part.items())
        return list(whole) == list(part) if isinstance(part, list) else whole == part

    dump = Study.model_validate(values).model_dump()
    values["data"].update({"path": Path(values["data"]["path"])} if "path" in values["data"] else {})
    assert contains(dump, values)


def test_defaults_are_spelt_out(base: str) -> None:
    text = to_toml(load(base))
    for line in ('l2_form = "half"', "restore_best = true", "nesterov = false", "skip_bad_images = false"):
        assert line in text


def test_groups_keep_their_order(base: str, tmp_path: Path) -> None:
    study = load(base, ['data.groups={ odd = ["1", "3"], even = ["2"], "no number" = ["0"] }'])
    (tmp_path / "copy.toml").write_text(to_toml(study), "utf-8")
    again = changed(load(str(tmp_path / "copy.toml")), {"train.epochs": 2})
    assert list(again.data.groups.items()) == [("odd", ("1", "3")), ("even", ("2",)), ("no number", ("0",))]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_study_has_the_name_of_its_file_and_comes_back(name: str, tmp_path: Path) -> None:
    study = load(name)
    assert study.name == name
    assert study.title
    path = tmp_path / "copy.toml"
    path.write_text(to_toml(study), "utf-8")
    assert load(str(path)) == study == shipped()[name]


def test_a_study_is_frozen(base: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load(base).train.epochs = 3


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("train.epochs=5", lambda s: s.train.epochs == 5),
        (" train.epochs = 7 ", lambda s: s.train.epochs == 7),
        ("train.loss = hinge ", lambda s: s.train.loss == "hinge"),
        ("model.hidden=[30, 20]", lambda s: s.model.hidden == (30, 20)),
        ("model.activation=tanh", lambda s: s.model.activation == "tanh"),
        ("model.batchnorm=true", lambda s: s.model.batchnorm is True),
        ("model.init=0.1", lambda s: s.model.init == 0.1),
        ("title=a = b", lambda s: s.title == "a = b"),
        ("train.early_stopping.patience=3", lambda s: s.train.early_stopping.patience == 3),
        ("data.path=some/file.csv", lambda s: s.data.path == Path("some/file.csv").resolve()),
        ("train.optimizer={kind='adam', lr=0.01}", lambda s: s.train.optimizer.kind == "adam"),
        ("data.validation=100", lambda s: s.data.validation == 100 and isinstance(s.data.validation, int)),
    ],
)
def test_set_overrides_one_key(base: str, override: str, value) -> None:
    assert not value(load(base))
    assert value(load(base, [override]))


def test_a_path_counts_from_the_files_folder_and_on_the_command_line_from_where_one_is(
    base: str, tmp_path: Path
) -> None:
    path = tmp_path / "my.toml"
    path.write_text(to_toml(load(base)).replace("[data]", '[data]\npath = "some/file.csv"'), "utf-8")
    assert load(str(path)).data.path == tmp_path / "some" / "file.csv"
    assert load(str(path), ["data.path=some/file.csv"]).data.path == Path("some/file.csv").resolve()


def test_of_two_overrides_the_later_one_counts(base: str) -> None:
    assert load(base, ["train.epochs=5", "train.epochs=6"]).train.epochs == 6


def test_an_override_leaves_the_other_keys_alone(base: str) -> None:
    plain, other = (
        load(base, overrides).model_dump(exclude={"changes"}) for overrides in ((), ("train.batch_size=7",))
    )
    assert other["train"].pop("batch_size") == 7 != plain["train"].pop("batch_size")
    assert other == plain


def test_what_stays_as_it_was_is_no_change(base: str) -> None:
    said = load(base)
    same = load(base, [f"train.batch_size={said.train.batch_size}"], seed=said.seed)
    assert same == said
    assert load(base, ["train.batch_size=7"], seed=said.seed).changes == {"train.batch_size": 7}


def test_the_seed_comes_from_the_study_unless_given(base: str) -> None:
    assert load(base, ["seed=3"]).seed == 3
    assert load(base, ["seed=3"], seed=9).seed == 9
    assert load(base, seed=0).seed == 0


def test_a_file_is_found_whatever_its_name(base: str, tmp_path: Path) -> None:
    path = tmp_path / "my study"
    path.write_text(to_toml(load(base)), "utf-8")
    assert load(str(path)) == load(base)
