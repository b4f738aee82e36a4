"""Event files, read back as TensorBoard reads them."""

import sys

import pytest

from backhand.extras import MissingExtraError
from backhand.loggers import TensorBoardLogger
from tests.loggers.interrupted import resumed


def scalars(folder):
    """The curves of a folder: of each tag the steps and the values."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: ([event.step for event in events.Scalars(tag)], [event.value for event in events.Scalars(tag)])
        for tag in events.Tags()["scalars"]
    }


def hyperparameters(folder):
    """The summaries of the page HPARAMS, by their tags."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    events = EventAccumulator(str(folder))
    events.Reload()
    found = events.PluginTagToContent(metadata.PLUGIN_NAME)
    return {tag: HParamsPluginData.FromString(content) for tag, content in found.items()}


def test_every_epoch_is_a_point_of_each_curve(make_solver, blobs, tmp_path):
    solver = make_solver(callbacks=[TensorBoardLogger(tmp_path / "log", every_steps=2)])
    solver.fit(*blobs, epochs=3)
    curves = scalars(tmp_path / "log")
    for key, tag in {"train_loss": "loss/train", "validation_accuracy": "accuracy/validation", "lr": "lr"}.items():
        steps, values = curves[tag]
        assert steps == [4, 8, 12]
        assert values == pytest.approx([record[key] for record in solver.history])
    assert curves["step/loss"][0] == [2, 4, 6, 8, 10, 12]
    assert curves["final/train_loss"] == ([12], [curves["loss/train"][1][-1]])


def test_the_settings_and_the_end_are_on_the_page_hparams(make_solver, blobs, tmp_path):
    make_solver(callbacks=[TensorBoardLogger(tmp_path)]).fit(*blobs, epochs=1)
    shown = hyperparameters(tmp_path)
    start = next(each.session_start_info for each in shown.values() if each.HasField("session_start_info"))
    assert start.hparams["batch_size"].number_value == 40
    assert start.hparams["optimizer"].string_value == "SGD"
    assert any(each.HasField("session_end_info") for each in shown.values())


@pytest.mark.parametrize(("save", "kill"), [(4, 11), (6, 15)])
def test_a_resumed_training_leaves_no_double_points(save, kill, make_solver, blobs, tmp_path):
    make_solver(callbacks=[TensorBoardLogger(tmp_path / "whole", every_steps=1)]).fit(*blobs, epochs=4)
    resumed(
        make_solver,
        blobs,
        lambda: TensorBoardLogger(tmp_path / "broken", every_steps=1),
        save=save,
        kill=kill,
        epochs=4,
    )
    whole, broken = scalars(tmp_path / "whole"), scalars(tmp_path / "broken")
    assert broken.keys() == whole.keys()
    for tag in whole.keys() - {"seconds", "elapsed"}:
        assert broken[tag] == whole[tag], tag


def test_a_new_training_takes_the_place_of_the_one_before(make_solver, blobs, tmp_path, monkeypatch):
    from tensorboard.summary.writer.event_file_writer import AtomicCounter

    # the number of the file within the process, which has one more digit for the second
    monkeypatch.setattr("tensorboard.summary.writer.event_file_writer._global_uid", AtomicCounter(9))
    for epochs in (3, 2):
        make_solver(callbacks=[TensorBoardLogger(tmp_path)]).fit(*blobs, epochs=epochs)
    assert scalars(tmp_path)["loss/train"][0] == [4, 8]


def test_without_the_package_it_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtraError) as error:
        TensorBoardLogger(tmp_path)
    sentence = "a log for TensorBoard needs tensorboard; install it by `pip install 'backhand[tensorboard]'`"
    assert (
        str(error.value).replace(", which cannot be imported (import of tensorboard halted; None in sys.modules)", "")
        == sentence
    )
