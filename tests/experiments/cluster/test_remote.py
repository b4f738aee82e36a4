"""Units on an executor of one's own: what travels with them, and what is refused."""

import pickle
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.experiments import units
from backhand.experiments.cluster.places import local
from backhand.experiments.cluster.remote import Remote
from backhand.experiments.cluster.work import Work
from backhand.experiments.run import work as single
from backhand.experiments.settings import study_file
from backhand.experiments.trainer import fingerprint_of, weights_of
from backhand.study import load
from backhand.study.extend import ExtendTable
from tests.data.datafiles import idx, mnist_arrays
from tests.experiments.cluster.test_archive import content, write


def no_data(data_dir):
    return "none"


def go_on(*, data_dir, folder):
    """Add a line to the file of a run, which a run of before may have begun."""
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("a") as log:
        log.write("unit\n")
    return folder


def read(path, *, data_dir):
    place = local(path)
    return place, (place / "best" if place.is_dir() else place).read_text()


@pytest.fixture
def executor():
    with ThreadPoolExecutor(3) as pool:
        yield pool


def test_the_folder_of_a_whole_run_travels_both_ways(executor, tmp_path):
    write(tmp_path / "run", {"log": b"before\n"})
    unit = Work(go_on, no_data, folder=tmp_path / "run")
    ((_, place),) = units.results([(0, unit)], executor)
    assert place != tmp_path / "run"
    assert not place.exists()  # the worker keeps nothing
    assert content(tmp_path / "run") == {"log": b"before\nunit\n"}


def test_in_one_process_a_whole_run_is_in_its_folder(tmp_path):
    unit = Work(go_on, no_data, folder=tmp_path / "run")
    assert dict(units.results([(0, unit)], 1)) == {0: tmp_path / "run"}


@pytest.mark.parametrize("name", ["weights", "weights/best"])
def test_what_a_unit_reads_travels_with_it(name, executor, tmp_path):
    write(tmp_path / "weights", {"best": b"1 2 3"})
    path = tmp_path / name
    remote = Remote.of(Work(partial(read, path), no_data, reads=(path,)), None)
    (tmp_path / "weights").rename(tmp_path / "away")  # so that only what has travelled is there
    place, text = executor.submit(remote).result().result
    assert (place != path, text) == (True, "1 2 3")
    assert not place.exists()
    assert local(path) == path


def test_a_worker_without_the_head_s_folder_of_data_looks_in_its_own(tmp_path):
    unit = Work(given, no_data, data_dir=tmp_path)
    remote = Remote.of(unit, None)
    assert remote().result == tmp_path
    gone = replace(remote, unit=pickle.dumps(replace(unit, data_dir=tmp_path / "gone")))
    assert gone().result is None


def given(*, data_dir):
    return data_dir


def mnist(folder: Path, seed: int) -> Path:
    """A folder of data sets with an MNIST of 40 images."""
    for split in ("train", "t10k"):
        for name, array in zip(("images-idx3", "labels-idx1"), mnist_arrays(40, seed), strict=True):
            write(folder / "mnist", {f"{split}-{name}-ubyte": idx(array)})
    return folder


STUDY = """
name = "small"
[data]
name = "mnist"
[model]
name = "mlp"
hidden = [4]
[train]
epochs = 1
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "small.toml").write_text(STUDY)
    return load(str(tmp_path / "small.toml"))


def train(study, *, data_dir, folder):
    return single.run(study, folder, data_dir=data_dir, resume=None, quiet=True).status


def test_other_data_are_refused_by_name(study, tmp_path, monkeypatch):
    head, there = mnist(tmp_path / "head", 0), mnist(tmp_path / "there", 1)
    unit = Work(partial(train, study), partial(fingerprint_of, study), head, folder=tmp_path / "run")
    remote = Remote.of(unit, None)
    assert remote().result == "finished"
    head.rename(tmp_path / "away")
    monkeypatch.setenv("BACKHAND_DATA", str(there))
    said = r"worker \S+:\d+ has other data than this machine: their fingerprints are \w{12} and \w{12}; give"
    with pytest.raises(BackhandError, match=said):
        remote()
    monkeypatch.setenv("BACKHAND_DATA", str(tmp_path / "nothing"))
    units.forget()
    with pytest.raises(BackhandError, match=r"worker \S+:\d+ cannot read the data of its unit: .*mnist"):
        remote()
    assert not (tmp_path / "run").exists()


def test_another_version_is_refused_before_the_unit_is_read():
    remote = Remote.of(partial(int, 3), None)
    other = replace(remote, unit=b"of a later version", head=replace(remote.head, backhand="99.0"))
    with pytest.raises(BackhandError, match=r"worker \S+ has Backhand \S+, and this process has 99\.0; install"):
        other()


def test_more_threads_than_the_worker_has_are_refused_by_name(engine):
    with pytest.raises(BackhandError, match=r"worker \S+:\d+: threads must be 1 to"):
        Remote.of(partial(int, 3), 10_000)()


def test_a_process_does_one_unit_at_a_time(executor, tmp_path):
    work = [(number, partial(alone, tmp_path / "busy")) for number in range(6)]
    assert dict(units.results(work, executor)) == dict.fromkeys(range(6), "alone")


def alone(path: Path) -> str:
    path.mkdir()  # which fails where another unit has made it
    time.sleep(0.005)
    path.rmdir()
    return "alone"


class AtOnce(Executor):
    """Two workers, whose units have all ended when they are waited for."""

    _max_workers = 2

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except ValueError as error:
            future.set_exception(error)
        return future


def test_an_error_loses_no_result_that_is_there():
    coming = units.results([(0, partial(int, "none")), (1, partial(int, 3))], AtOnce())
    assert next(coming) == (1, 3)
    with pytest.raises(ValueError, match="none"):
        next(coming)


def test_capacity():
    with ThreadPoolExecutor(3) as pool:
        assert units.capacity(pool) == 3
    assert units.capacity(units.Serial()) == 1


def test_runs_that_are_extended_travel_with_those_that_they_extend(tmp_path):
    base, places = load("digits"), [tmp_path / name for name in ("first", "second")]
    second = base.model_copy(update={"extend": ExtendTable(run=places[0], name="digits")})
    for place, study in zip(places, (base, second), strict=True):
        write(place, {name: text.encode() for name, text in study_file(study).items()})
    third = base.model_copy(update={"extend": ExtendTable(run=places[1], name="digits")})
    assert weights_of(base, third) == (places[1], places[0])


def test_no_more_units_are_drawn_than_the_executor_can_run(executor):
    drawn = []

    def drawing():
        for number in range(9):
            drawn.append(number)
            yield number, partial(int, number)

    coming = units.results(drawing(), executor)
    next(coming)
    assert len(drawn) <= 6
    assert dict(coming).keys() <= set(range(9))
    assert drawn == list(range(9))
