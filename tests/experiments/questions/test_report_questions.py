"""Pages of questions: each sentence where the figures make it true, another where they do not, and whole files."""

from pathlib import Path

import pytest

from backhand.errors import CheckpointError
from backhand.experiments import reports
from backhand.experiments.questions.record import Answer, read
from backhand.experiments.questions.report import divergence, dropout, sigmoid
from backhand.experiments.records import write_record
from backhand.study import to_toml
from tests.experiments.questions.answers import answer, layers, training, uses


def test_vanishing_gradients_are_told_only_where_they_vanish():
    vanishing = answer("sigmoid", [layers("sigmoid", 4, 1e-4, 0.1), layers("relu", 4, 0.8, 0.9)])
    findings = dict(sigmoid.findings(vanishing))
    assert "0.0001 times" in findings["Vanishing gradients"]
    assert "shrinks to 0.10 times" in findings["Layer by layer"]
    assert "With 4 hidden layers the network learned nothing" in findings["Training with sigmoid"]
    assert "Every network learned" in findings["Training with relu"]
    assert "show the same pattern" in findings["What the signs explain"]
    same = answer("sigmoid", [layers("sigmoid", 2, 0.5, 0.9, 0.4), layers("relu", 2, 0.8, 0.9)])
    findings = dict(sigmoid.findings(same))
    assert "not ten times weaker" in findings["No vanishing gradients"]
    assert "Vanishing gradients" not in findings
    assert "What the signs explain" not in findings
    assert "40.00% of the units" in findings["Signs with sigmoid"]
    assert "never negative" not in findings["Signs with sigmoid"]


def test_other_activations_are_told_without_those_that_are_not_there():
    findings = dict(sigmoid.findings(answer("sigmoid", [layers("elu", 2, 0.5, 0.9, None)])))
    assert findings.keys() == {"Training with elu"}


def test_equal_expectations_are_told_only_where_the_gap_falls_as_noise_does():
    findings = dict(dropout.findings(answer("dropout", [uses(0.5, [0.32, 0.01], 0.5, 1.0, 0.7)])))
    assert "32.0 times for" in findings["Same expected output"]
    assert "as p = 50.00% predicts" in findings["Classic, scaling forgotten"]
    assert "as p / (1 − p) = 100.00% predicts" in findings["Inverted, scaled again"]
    assert (
        "1 of 1 value of p. The accuracy suffers most at p = 0.5, where it falls from 90.00% to 70.00%"
        in findings["What forgetting costs"]
    )
    findings = dict(dropout.findings(answer("dropout", [uses(0.5, [0.32, 0.1], 0.15, 3.0, 0.9)])))
    assert "More than noise is left" in findings["Nearly the same expected output"]
    assert "no more than twice" in findings["Classic, scaling forgotten"]
    assert "predicts" not in findings["Inverted, scaled again"]
    assert "lowers the accuracy at none" in findings["What forgetting costs"]


MAP = [training(10, 0.1, 0.8), training(10, 1.0, None, 2.0), training(20, 0.1, 0.9), training(20, 1.0, 0.7)]


def test_divergences_and_what_the_advice_leads_to_are_counted():
    findings = dict(divergence.findings(answer("divergence", MAP)))
    assert findings["Best"].startswith(
        "The highest validation accuracy, 90.00%, was reached with a learning rate of 0.1"
    )
    assert findings["Diverged"].startswith("1 of 4 trainings diverged, 0 of them after the loss")
    assert "Learned nothing" not in findings
    assert "for 1 divergence." in findings["Advice: a tenth of the learning rate"]
    assert findings["Advice: twice the batch"].endswith("1 did not diverge and 1 learned.")
    assert "is 0.1 with batches of 10 and 1 with" in findings["Larger batches allow larger steps"]


def test_without_divergence_or_a_steady_limit_other_sentences_stand_there():
    calm = answer("divergence", [training(10, 0.1, 0.8), training(20, 0.1, 0.8)])
    assert dict(divergence.findings(calm))["No divergence"] == "None of 2 trainings diverged."
    findings = dict(
        divergence.findings(
            answer("divergence", [*MAP[:1], training(10, 1.0, None), training(20, 0.1, 0.9), training(20, 1.0, 0.12)])
        )
    )
    assert "1 of them after the loss" in findings["Diverged"]
    assert "1 more training ended without diverging" in findings["Learned nothing"]
    assert "does not rise steadily" in findings["The highest rate that learns"]
    lost = answer("divergence", [training(10, 1.0, None), training(20, 1.0, None)])
    assert dict(divergence.findings(lost))["Best"] == "No training came to its end."


def save(folder: Path, whole: Answer, planned: int | None = None) -> None:
    folder.mkdir(exist_ok=True)
    record = whole.record.model_copy(update={"planned": planned or whole.record.planned})
    (folder / "study.toml").write_text(to_toml(whole.study))
    write_record(folder / "environment.json", whole.environment)
    write_record(folder / "question.json", record)


@pytest.mark.parametrize(
    "whole",
    [
        answer("sigmoid", [layers("sigmoid", 4, 1e-4, 0.1), layers("relu", 4, 0.8, 0.9, None)]),
        answer("dropout", [uses(0.5, [0.32, 0.01], 0.5, 1.0, 0.7), uses(0.2, [0.3, 0.01], 0.5, 1.0, 0.7)]),
        answer("divergence", MAP),
        answer("divergence", [training(10, 0.1, 0.8)]),
    ],
    ids=lambda whole: f"{whole.question}-{len(whole.cells)}",
)
def test_the_page_is_the_same_bytes_each_time_and_shows_every_plot(tmp_path, whole):
    save(tmp_path, whole)
    assert read(tmp_path) == whole
    page = reports.write(tmp_path)
    files = {path: path.read_bytes() for path in [page, tmp_path / "report.md", *(tmp_path / "plots").iterdir()]}
    reports.write(tmp_path)
    assert all(path.read_bytes() == content for path, content in files.items())
    text = (tmp_path / "report.md").read_text()
    assert text.startswith(f"# Why {whole.question}?")
    for plot in (tmp_path / "plots").iterdir():
        assert f"(plots/{plot.name})" in text


def test_a_record_that_is_damaged_is_refused_and_one_that_is_not_finished_says_so(tmp_path):
    with pytest.raises(CheckpointError, match=r"has no question\.json"):
        read(tmp_path)
    (tmp_path / "question.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"question\.json should hold names and values, not a list; restore it"):
        reports.write(tmp_path)
    save(tmp_path, answer("divergence", MAP), planned=5)
    assert "4 of 5 cells of the grid are trained" in reports.write(tmp_path).read_text()
