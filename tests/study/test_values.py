"""Another kind brings its own defaults; paths count from the file that names them."""

from pathlib import Path

import pytest

from backhand.errors import BackhandWarning, StudyError
from backhand.study import Study, changed, load, load_series, to_toml
from backhand.study.optimizers import AdamTable, SgdTable
from backhand.study.series import Axis, Part
from backhand.study.values import inline, merged, override, parse_override

DROPPED = 'train.optimizer.kind = "adam" has defaults of its own; dropped from the study: lr = 0.05$'


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["train.optimizer.kind=adam"], AdamTable(kind="adam", lr=1e-3)),
        (["train.optimizer.kind=adam", "train.optimizer.beta2=0.9"], AdamTable(kind="adam", beta2=0.9)),
    ],
)
def test_another_kind_brings_its_own_defaults_and_says_what_is_dropped(base, overrides, expected):
    with pytest.warns(BackhandWarning, match=DROPPED):
        assert load(base, overrides).train.optimizer == expected
    with pytest.warns(BackhandWarning, match=DROPPED):
        assert changed(load(base), dict(map(parse_override, overrides))).train.optimizer == expected


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["train.optimizer.kind=adam", "train.optimizer.lr=0.2"], AdamTable(kind="adam", lr=0.2)),
        (["train.optimizer.lr=0.2", "train.optimizer.kind=adam"], AdamTable(kind="adam", lr=0.2)),
        (["train.optimizer={kind='adam'}"], AdamTable(kind="adam")),
        (["train.optimizer={kind='sgd', lr=0.2}", "train.optimizer.kind=adam"], AdamTable(kind="adam", lr=0.2)),
        (["train.optimizer.kind=sgd"], SgdTable(kind="sgd", lr=0.05)),
        (["train.optimizer.momentum=0.5"], SgdTable(kind="sgd", lr=0.05, momentum=0.5)),
    ],
)
def test_what_is_given_with_the_kind_stays(base, overrides, expected):
    assert load(base, overrides).train.optimizer == expected
    assert changed(load(base), dict(map(parse_override, overrides))).train.optimizer == expected


def test_a_table_is_set_before_its_keys_in_either_order(base):
    values = {"train.optimizer.lr": 0.2, "train.optimizer": {"kind": "sgd", "momentum": 0.5}}
    for order in (values, dict(reversed(values.items()))):
        assert changed(load(base), order).train.optimizer == SgdTable(kind="sgd", lr=0.2, momentum=0.5)


def test_every_table_with_kinds_does_so(base):
    with pytest.warns(BackhandWarning, match=r'model\.name = "cnn" has defaults of its own; .*: hidden = \[128\]$'):
        study = load(base, ["model.name=cnn"])
    assert (study.model.name, study.model.hidden) == ("cnn", ())
    file = load(base, ["train.schedule={kind='step', every=2}", "train.momentum_schedule={kind='linear', end=0.5}"])
    with pytest.warns(BackhandWarning) as caught:
        study = changed(file, {"train.schedule.kind": "cosine", "train.momentum_schedule.kind": "constant"})
    assert sorted(str(each.message).rpartition(": ")[2] for each in caught) == ["end = 0.5", "every = 2.0"]
    assert (study.train.schedule.kind, study.train.momentum_schedule.kind) == ("cosine", "constant")


def test_a_table_that_is_absent_has_the_kind_of_its_default(tmp_path):
    path = tmp_path / "short.toml"
    path.write_text('name = "short"\n[data]\nname = "digits"\n[model]\nname = "mlp"\n', "utf-8")
    assert load(path, ["train.optimizer.lr=0.5"]).train.optimizer == SgdTable(kind="sgd", lr=0.5)
    assert load(path, ["train.optimizer.kind=adam"]).train.optimizer == AdamTable(kind="adam")
    assert changed(load(path), {"train.optimizer.kind": "adam"}).train.optimizer == AdamTable(kind="adam")
    assert load(path, ["train.schedule.warmup=1"]).train.schedule.warmup == 1
    with pytest.raises(StudyError, match=r'train\.momentum_schedule: the key "kind" is missing'):
        load(path, ["train.momentum_schedule.end=0.5"])


def test_a_kind_that_there_is_not_drops_nothing(base):
    with pytest.raises(StudyError, match='unknown kind "adm"'):
        load(base, ["train.optimizer.kind=adm"])


def test_changes_upon_changes():
    own = {"train.optimizer": {"kind": "sgd", "lr": 0.02}, "model.hidden": [3], "train.schedule": {"kind": "step"}}
    with pytest.warns(BackhandWarning, match=r"dropped from the study: lr = 0\.02$"):
        found = merged(own, {"train.optimizer.kind": "adam", "model": {"name": "cnn"}})
    kept = {"train.schedule": {"kind": "step"}, "train.optimizer": {"kind": "adam"}}
    assert found == kept | {"train.optimizer.kind": "adam", "model": {"name": "cnn"}}
    assert merged(own, {"train.optimizer.kind": "sgd"}) == own | {"train.optimizer.kind": "sgd"}


def test_an_axis_over_kinds_drops_what_is_set_for_another():
    axes = (
        Axis(name="kind", key="train.optimizer.kind", values=("sgd", "adam")),
        Axis(name="decay", key="train.optimizer.weight_decay", values=(0.1,)),
    )
    set_ = {"train.optimizer": {"kind": "sgd", "lr": 0.02}}
    part = Part(name="one", title="One", study="digits", set=set_, axes=axes)
    with pytest.warns(BackhandWarning, match=r"dropped from the study: lr = 0\.02$"):
        studies = [changed(load("digits"), values) for _, values in part.cells()]
    assert [study.train.optimizer for study in studies] == [
        SgdTable(kind="sgd", lr=0.02, weight_decay=0.1),
        AdamTable(kind="adam", weight_decay=0.1),
    ]


SERIES = """
name = "few"
title = "A few"
minutes = 1
memory = 1
[[parts]]
name = "one"
title = "One"
study = "mine.toml"
set = { "data.path" = "pictures", "train.optimizer" = { kind = "sgd", lr = 0.02 } }
axes = [
    { name = "start", key = "train.init_from", values = ["a", "/b"] },
    { name = "data", cases = { here = { "data.path" = "~/more" }, there = { "train.epochs" = 3 } } },
]
"""


def test_the_paths_of_a_series_count_from_its_file(base, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "mine.toml").write_bytes(Path(base).read_bytes())
    (tmp_path / "few.toml").write_text(SERIES, "utf-8")
    (part,) = load_series(tmp_path / "few.toml").parts
    assert part.study == str(tmp_path / "mine.toml")
    assert part.set["data.path"] == str(tmp_path / "pictures")
    assert part.axes[0].values == (str(tmp_path / "a"), str(Path("/b").resolve()))
    assert part.axes[1].cases["here"] == {"data.path": str(tmp_path / "home" / "more")}
    with pytest.warns(BackhandWarning, match=r"dropped from the study: lr = 0\.02$"):
        (part,) = load_series(tmp_path / "few.toml", ["train.optimizer.kind=adam", "data.path=here"]).parts
    assert (part.set["train.optimizer"], part.set["data.path"]) == ({"kind": "adam"}, str(Path("here").resolve()))


TABLE = """
name = "table"
data = { name = "csv", path = "rows.csv", test = "more.csv", label = "y" }
model = { name = "mlp", hidden = [4] }
train = { epochs = 1 }
"""


def written(path: Path, base: str, more: str) -> Path:
    path.write_text(Path(base).read_text("utf-8").replace("[data]", '[data]\npath = "old"') + more, "utf-8")
    return path


def test_every_path_of_a_study_counts_from_its_file(base, tmp_path):
    extension = load(written(tmp_path / "a.toml", base, '[extend]\nname = "images"\nrun = "run"\npath = "new"\n'))
    assert extension.data.path == tmp_path / "old"
    assert (extension.extend.run, extension.extend.path) == (tmp_path / "run", tmp_path / "new")
    (tmp_path / "c.toml").write_text(TABLE, "utf-8")
    assert load(tmp_path / "c.toml").data.places == (tmp_path / "rows.csv", tmp_path / "more.csv")
    moved = load(tmp_path / "c.toml", ["data.test=here.csv"])
    assert (moved.data.test, moved.changes) == (Path("here.csv").resolve(), {})
    space = '[search]\ntrials = 1\n[search.space]\n"train.init_from" = ["a", "b"]\n"data.path" = { choices = ["c"] }\n'
    search = load(written(tmp_path / "b.toml", base, f'init_from = "start"\n{space}'))
    assert search.train.init_from == tmp_path / "start"
    assert search.search.space["train.init_from"].choices == (str(tmp_path / "a"), str(tmp_path / "b"))
    assert search.search.space["data.path"].choices == (str(tmp_path / "c"),)


def test_the_test_file_of_a_table_counts_from_the_file_of_the_study(tmp_path):
    data = '[data]\nname = "csv"\npath = "rows.csv"\ntest = "test.csv"\nlabel = "kind"\n'
    (tmp_path / "mine.toml").write_text(f'name = "mine"\n{data}[model]\nname = "mlp"\n', "utf-8")
    assert load(tmp_path / "mine.toml").data.test == tmp_path / "test.csv"


def test_a_study_of_a_program_keeps_absolute_paths_too(base):
    study = changed(load(base), {"data.path": "pictures"})
    assert study.data.path == Path("pictures").resolve()
    values = load(base).model_dump() | {"data": {"name": "npz", "path": Path("a.npz")}}
    assert Study.model_validate(values).data.path == Path("a.npz").resolve()
    with pytest.raises(StudyError, match=r"data\.path: the path has bytes that are not UTF-8"):
        changed(load(base), {"data.path": "caf\udce9"})


TEXTS = ["plain", 'a "b" \\ c', "a\nb\tc\x7f\x01", "\N{GRINNING FACE} 数 é", ""]


@pytest.mark.parametrize("value", [*TEXTS, 3, 0.5, True, ["a", [1, 2]], {"a b": {"c": [1]}}])
def test_an_override_comes_back(value):
    assert parse_override(override("data.path", value)) == ("data.path", value)
    assert "\n" not in inline(value)


def test_a_path_of_any_letters_comes_back_from_a_study(base, tmp_path):
    name = tmp_path / 'a "b" \\ \N{GRINNING FACE}'
    study = load(base, [override("data.path", str(name))])
    assert study.data.path == name
    (tmp_path / "copy.toml").write_text(to_toml(study), "utf-8")
    assert load(tmp_path / "copy.toml") == study
