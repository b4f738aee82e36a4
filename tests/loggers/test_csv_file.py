"""The log as a table: every epoch is a row, once, whatever interrupts the training."""

import csv

import pytest

from backhand.errors import BackhandError
from backhand.loggers import CsvLogger
from backhand.training.callbacks import Callback
from tests.loggers.interrupted import resumed


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_epoch_is_a_row_with_the_numbers_of_the_history(make_solver, blobs, tmp_path):
    path = tmp_path / "logs" / "mine.csv"
    solver = make_solver(callbacks=[CsvLogger(path)])
    solver.fit(*blobs, epochs=3)
    written = rows(path)
    assert list(written[0]) == list(solver.history[0])
    assert [{key: float(value) for key, value in row.items()} for row in written] == solver.history
    assert not (tmp_path / "logs" / "mine-steps.csv").exists()


def test_the_steps_have_a_file_of_their_own(make_solver, blobs, tmp_path):
    make_solver(callbacks=[CsvLogger(tmp_path / "mine.csv", every_steps=2)]).fit(*blobs, epochs=2)
    steps = rows(tmp_path / "mine-steps.csv")
    assert [int(row["step"]) for row in steps] == [2, 4, 6, 8]
    assert float(steps[0]["loss"]) > 0
    assert float(steps[0]["gradient_norm"]) > 0


@pytest.mark.parametrize(("save", "kill"), [(4, 11), (6, 15), (6, 6)])
def test_a_resumed_training_leaves_no_double_rows(save, kill, make_solver, blobs, tmp_path):
    make_solver(callbacks=[CsvLogger(tmp_path / "whole.csv", every_steps=1)]).fit(*blobs, epochs=4)
    resumed(
        make_solver,
        blobs,
        lambda: CsvLogger(tmp_path / "broken.csv", every_steps=1),
        save=save,
        kill=kill,
        epochs=4,
    )
    assert (tmp_path / "broken-steps.csv").read_bytes() == (tmp_path / "whole-steps.csv").read_bytes()
    timed = ("seconds", "elapsed")
    whole, broken = (
        [{key: value for key, value in row.items() if key not in timed} for row in rows(tmp_path / f"{name}.csv")]
        for name in ("whole", "broken")
    )
    assert broken == whole


def test_a_line_that_was_cut_off_is_written_again(make_solver, blobs, tmp_path):
    path = tmp_path / "mine-steps.csv"
    solver = make_solver()
    solver.fit(*blobs, epochs=1)
    path.write_text("step,loss,lr,gradient_norm\n1,0.5,0.1,2.0\n2,0.4,0.1,1.0\n3,0.")
    solver.callbacks = [CsvLogger(tmp_path / "mine.csv", every_steps=1)]
    solver.fit(*blobs, epochs=2)
    assert [int(row["step"]) for row in rows(path)] == [1, 2, 5, 6, 7, 8]


@pytest.mark.parametrize("line", [b"x,0.4,0.1,1.0", b",,,", b"2,0.4", b"2,0.4,0.1,1.0,5", b"\xff\x00,1,1,1", b""])
def test_a_broken_row_of_a_step_is_left_out(make_solver, blobs, tmp_path, line):
    path = tmp_path / "mine-steps.csv"
    solver = make_solver()
    solver.fit(*blobs, epochs=1)
    path.write_bytes(b"step,loss,lr,gradient_norm\n1,0.5,0.1,2.0\n" + line + b"\n3,0.3,0.1,1.0\n")
    solver.callbacks = [CsvLogger(tmp_path / "mine.csv", every_steps=2)]
    solver.fit(*blobs, epochs=2)
    assert [int(row["step"]) for row in rows(path)] == [1, 3, 6, 8]


def test_the_steps_of_an_old_log_do_not_outlive_it(make_solver, blobs, tmp_path):
    make_solver(callbacks=[CsvLogger(tmp_path / "mine.csv", every_steps=2)]).fit(*blobs, epochs=1)
    solver = make_solver()
    solver.fit(*blobs, epochs=1)
    (tmp_path / "mine-steps.csv").write_text("step,loss,lr,gradient_norm\n2,0.5,0.1,2.0\n6,0.5,0.1,2.0\n")
    solver.callbacks = [CsvLogger(tmp_path / "mine.csv")]
    solver.fit(*blobs, epochs=2)
    assert [int(row["step"]) for row in rows(tmp_path / "mine-steps.csv")] == [2]
    make_solver(callbacks=[CsvLogger(tmp_path / "mine.csv")]).fit(*blobs, epochs=1)
    assert not (tmp_path / "mine-steps.csv").exists()


def test_a_new_column_is_added_to_the_whole_table(make_solver, blobs, tmp_path):
    class Late(Callback):
        def on_epoch_end(self, solver):
            if solver.epoch > 1:
                solver.history[-1]["mine"] = solver.epoch / 4

    make_solver(callbacks=[Late(), CsvLogger(tmp_path / "mine.csv")]).fit(*blobs, epochs=3)
    assert [row["mine"] for row in rows(tmp_path / "mine.csv")] == ["", "0.5", "0.75"]


def test_a_new_training_replaces_an_old_log_and_nothing_else(make_solver, blobs, tmp_path):
    path = tmp_path / "mine.csv"
    for epochs in (3, 2):
        make_solver(callbacks=[CsvLogger(path)]).fit(*blobs, epochs=epochs)
        assert len(rows(path)) == epochs
    path.write_text("name,grade\nAda,1\n")
    with pytest.raises(BackhandError, match=r"mine\.csv holds something else than the log of a training; name another"):
        CsvLogger(path)
    with pytest.raises(BackhandError, match="it is a folder; name a file in it"):
        CsvLogger(tmp_path)
