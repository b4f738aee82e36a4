"""docs/guides/doctor.md shows what the program prints, its code runs, and docs/formats.md has every key."""

import re
from dataclasses import fields

from backhand.doctor.examination import SYMPTOMS
from backhand.doctor.records import Diagnosis, Plot, Problem, Result
from tests.docs.markdown_pages import GUIDES, ROOT, blocks

PAGE = GUIDES / "doctor.md"
NETWORK, PROGRAM = blocks(PAGE, "python")
OF_STUDY, OF_FILE = blocks(PAGE, "text")


def test_the_program_says_of_the_file_what_the_guide_shows(cli, tmp_path):
    (tmp_path / "net.py").write_text(NETWORK, "utf-8")
    status, said = cli("doctor", tmp_path / "net.py")
    assert status == 1
    assert " ".join(OF_FILE.split()) in said


def test_the_program_says_of_the_study_what_the_guide_shows(cli):
    status, said = cli("doctor", "digits", "--set", "train.optimizer.lr=5")
    assert status == 1
    assert " ".join(OF_STUDY.split()) in said


def test_the_code_of_the_guide_runs_and_finds_nothing(capsys):
    exec(PROGRAM, {})
    assert capsys.readouterr().out == ""


def test_every_symptom_has_a_row_in_the_guide_and_a_key_on_the_page_of_formats():
    rows = re.findall(r"^\| ([^|]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [symptom.title for symptom in SYMPTOMS] == [row for row in rows if row in {s.title for s in SYMPTOMS}]
    assert {symptom.key for symptom in SYMPTOMS} <= formats_names()


def formats_names():
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    section = next(each for each in re.split(r"^## ", text, flags=re.MULTILINE) if each.startswith("A diagnosis"))
    return set(re.findall(r"`(\w+)`", section))


def test_every_key_of_a_diagnosis_is_on_the_page_of_formats():
    keys = {field.name for form in (Diagnosis, Result, Problem, Plot) for field in fields(form)}
    assert keys | {"version", "verdict", "conclusion", "diagnoses"} <= formats_names()
