"""How a process knows that it is one of several."""

import pytest

from backhand import machine
from backhand.training.parallel.share import Share


@pytest.mark.parametrize(
    ("variables", "rank"),
    [
        ({}, None),
        ({"PMI_RANK": "2", "PMI_SIZE": "4"}, 2),
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, None),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"}, 0),
        ({"PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "3"}, 1),
        ({"PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "1"}, None),
        ({"PMI_RANK": ""}, None),
    ],
)
def test_the_variables_of_mpi_number_a_process(variables, rank, monkeypatch):
    for name in {*machine.RANKS, *machine.RANKS.values()}:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert machine.rank_of_mpi() == rank


@pytest.mark.parametrize("total", [1, 2, 3, 7, 25, 128])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("accumulate", [1, 2, 6])
@pytest.mark.parametrize("fewest", [1, 2])
def test_shares_are_all_samples_once(total, size, accumulate, fewest):
    shares = [Share.of(total, rank, size, accumulate, fewest) for rank in range(size)]
    samples, parts = [], []
    for share in shares:
        if share.parts:
            samples += range(total)[share.samples]
            parts += [(share.samples.start + part.start, share.samples.start + part.stop) for part in share.parts]
            assert len(share.parts) <= share.rows
    assert samples == list(range(total))
    assert parts[0][0] == 0
    assert [stop for _, stop in parts[:-1]] == [start for start, _ in parts[1:]]
    assert parts[-1][1] == total
    assert sum(share.weight for share in shares) == pytest.approx(1)
    assert all(stop - start >= min(fewest, total) for start, stop in parts)
    if accumulate >= size:
        alone = Share.of(total, 0, 1, accumulate, fewest)
        assert [(part.start, part.stop) for part in alone.parts] == parts
