"""What a study says was changed is what its values show."""

import pytest

from backhand.errors import StudyError
from backhand.experiments.search.space import refuse_changes
from backhand.study import changed, load, to_toml


def test_a_change_that_an_edit_contradicts_is_dropped(tmp_path):
    study = load("digits", ["train.epochs=2", "train.l2=0.5"])
    assert study.changes == {"train.epochs": 2, "train.l2": 0.5}
    file = tmp_path / "edited.toml"
    file.write_text(to_toml(study).replace("\nepochs = 2\n", "\nepochs = 1\n"))
    assert load(file).changes == {"train.l2": 0.5}


def test_later_values_replace_changes():
    study = load("digits", ["train.epochs=2", "train.optimizer.lr=0.5", "train.l2=0.5"])
    assert changed(study, {"train.epochs": 3, "seed": 9}).changes == {"train.optimizer.lr": 0.5, "train.l2": 0.5}
    assert changed(study, {"train.optimizer": {"kind": "adam"}}).changes == {"train.epochs": 2, "train.l2": 0.5}


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("data.resize=16", 16),
        ("train.epochs=auto", "auto"),
        ('train.optimizer={kind="adam"}', {"kind": "adam"}),
        ("train.l2=1", 1),
        ("model.hidden=[4, 5]", [4, 5]),
    ],
)
def test_a_change_counts_however_it_is_written(tmp_path, override, value):
    file = tmp_path / "own.toml"
    file.write_text(to_toml(load("digits", [override])))
    kept = load(file, ["train.batch_size=7"])
    assert kept.changes == {override.partition("=")[0]: value, "train.batch_size": 7}
    assert load(file, [override]).changes == {override.partition("=")[0]: value}
    file.write_text(to_toml(kept.model_copy(update={"changes": {}})))
    assert load(file, [override]).changes == {}


def test_what_became_of_auto_and_a_refined_table_stay(tmp_path):
    file = tmp_path / "own.toml"
    study = load("digits", ["train.epochs=auto", 'train.optimizer={kind="adam"}', "train.optimizer.lr=0.5"])
    file.write_text(to_toml(study).replace('epochs = "auto"', "epochs = 7"))
    assert load(file).changes == study.changes
    assert len(study.changes) == 3


def test_a_table_that_resets_a_value_is_a_change(tmp_path):
    file = tmp_path / "own.toml"
    study = load("digits", ['train.optimizer={kind="adam", lr=0.5}'])
    file.write_text(to_toml(study.model_copy(update={"changes": {}})))
    assert load(file, ['train.optimizer={kind="adam"}']).changes == {"train.optimizer": {"kind": "adam"}}


def test_a_change_of_what_every_trial_gets_from_the_space_is_refused():
    space = load("digits", ['search={trials=1, space={"model"=[{name="mlp"}], "train.l2"=[0.0, 1.0]}}']).search.space
    for path in ("train.l2", "model", "model.hidden"):
        with pytest.raises(StudyError, match=f"{path} cannot be changed: search.space varies it"):
            refuse_changes({path: 1}, space)
    refuse_changes({"train": {}, "train.epochs": 2, "search.space": {}}, space)
