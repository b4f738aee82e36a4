"""What was found stands in the terminal, as it stands in the report."""

import json
import re

SMALL = ("--set", "train.epochs=2", "--set", "data.train_size=300", "--set", "model.hidden=[8]")
SEARCH = 'search={space={"train.optimizer.lr"=[0.05, 0.1]}, trials=2, seeds=2, method="grid"}'


def test_a_search_ends_with_what_it_chose_and_what_that_reached(cli, tmp_path):
    status, said = cli("run", "digits", *SMALL, "--set", SEARCH, "--out", tmp_path / "search")
    assert status == 0, said
    record = json.loads((tmp_path / "search" / "search.json").read_text())
    best = next(trial for trial in record["trials"] if trial["number"] == record["best"])
    assert f"Chosen: Trial {best['number']} (validation accuracy {best['value']:.2%} at epoch" in said
    assert [trial["number"] for trial in record["trials"]] == [1, 2]
    page = (tmp_path / "search" / "report.md").read_text()
    for trial in record["trials"]:
        assert f"trial {trial['number']} {trial['value']:.2%}" in said
        assert f"| {trial['number']} | complete | {trial['value']:.2%} |" in page
    test = sum(run["test"] for run in record["runs"]) / 2
    assert f"Result: Trained with 2 seeds, the chosen settings reach {test:.2%} (standard deviation" in said
    assert re.search(rf" mean [\d.]+% {test:.2%} ", said)
    for place in ("best-seed-0", "best-seed-1", ""):
        assert f"report: {tmp_path / 'search' / place / 'report.html'}" in said


def test_an_extension_ends_with_what_it_learnt_and_forgot(cli, tmp_path):
    classes = 'data.classes=["0","1","2","3"]'
    assert cli("run", "digits", *SMALL, "--set", classes, "--out", tmp_path / "first")[0] == 0
    words = ("--data", "digits", "--classes", "4,5", "--no-afresh", "--no-tree", "--epochs", 2)
    status, said = cli("extend", tmp_path / "first", *words, "--out", tmp_path / "out")
    assert status == 0, said
    assert re.search(r"Training continued with the old data: The accuracy on the old .* on the new classes", said)
    assert "old classes new classes all change on old (points)" in said
    assert re.search(r" before [\d.]+% 0.00% [\d.]+% – with the old data [\d.]+% [\d.]+% [\d.]+% [+−][\d.]+ ", said)
    assert f"report: {tmp_path}/out/report.html" in said
