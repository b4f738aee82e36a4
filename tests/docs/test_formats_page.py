"""docs/formats.md names every file that an experiment's folder may hold, and every key of every form."""

import re
import typing
from pathlib import Path

import pytest

from backhand.data.cache import NAME_PATTERN, SOURCE_ARRAY
from backhand.experiments import environment, rates
from backhand.experiments.comparison import record as comparison
from backhand.experiments.ensemble import record as ensemble
from backhand.experiments.extension import WAYS, study_name
from backhand.experiments.extension import record as extension
from backhand.experiments.kinds import KINDS
from backhand.experiments.questions import observations
from backhand.experiments.questions import record as questions
from backhand.experiments.records import FileRecord, Record
from backhand.experiments.run import evidence_checks, evidence_groups, metrics, saved
from backhand.experiments.search import DATABASE, slots
from backhand.experiments.search import record as search
from backhand.experiments.search.budget import BUDGET
from backhand.experiments.search.storage import STUDY as STUDY_ATTRIBUTE
from backhand.experiments.series import CLAIMS, forms
from backhand.experiments.workspace import LOCK
from backhand.files import names
from backhand.model import saved as model_file
from backhand.predictors import provenance
from backhand.predictors import saved as predictor_file

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
FORMS = {  # by the heading of its section
    "environment.json": [environment.Environment],
    "metrics.json": [metrics.Metrics],
    "history.jsonl": [metrics.Epoch],
    "range.json": [rates.Rates],
    "best.safetensors": [saved.Facts],
    "state.safetensors": [saved.Origin],
    "search.json": [search.SearchRecord],
    "PART/NNN-seed-SEED.json": [forms.Result],
    "claims.json": [forms.Claims],
    "compare.json": [comparison.Comparison],
    "extend.json": [extension.Extension],
    "question.json": [questions.QuestionRecord, observations.Gradients, observations.Masks, observations.Losses],
    "ensemble.json": [ensemble.Ensemble],
}


def section(heading):
    """The text under a heading, to the next one."""
    text = re.split(rf"^###? {re.escape(heading)}$", PAGE, flags=re.MULTILINE)[1]
    return re.split(r"^###? ", text, flags=re.MULTILINE)[0]


def named(text):
    """Every word in code, as a text such as `options.data_dir` has several."""
    return {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"[A-Za-z_]\w*", code)}


def forms_in(annotation):
    """The forms that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
    for each in typing.get_args(annotation):
        yield from forms_in(each)


def keys(form):
    """The keys of a form and of all forms in it; those of a study's tables have a guide of their own."""
    computed = set(form.model_computed_fields)
    return {*form.model_fields, *computed}.union(
        *(keys(each) for field in form.model_fields.values() for each in forms_in(field.annotation))
    )


def subclasses(form):
    return {form}.union(*map(subclasses, form.__subclasses__()))


@pytest.mark.parametrize("heading", FORMS)
def test_every_key_of_a_form_is_on_the_page(heading):
    text = section(heading)
    assert set().union(*map(keys, FORMS[heading])) - named(text) == set()


def test_every_form_of_a_file_has_a_section():
    ours = {form for form in subclasses(FileRecord) if form.__module__.startswith("backhand.")}
    assert ours - {form for forms_ in FORMS.values() for form in forms_} == {FileRecord}


def test_the_versions_of_the_page_are_those_of_the_forms():
    for heading, (form, *_) in FORMS.items():
        if not heading.endswith(".json"):
            continue
        version = form.model_fields["version"].default
        said = re.findall(r"\| `version` \| integer \| (\d+) \||^`version` \((\d+)\)", section(heading), re.MULTILINE)
        assert {int(number) for pair in said for number in pair if number} == {version}, heading


def test_every_array_of_the_evidence_is_on_the_page():
    groups = (
        evidence_groups.PREDICTIONS,
        evidence_groups.FITTED,
        evidence_groups.LARGEST_ERRORS,
        evidence_groups.SAMPLES,
        evidence_groups.AUGMENTED,
        evidence_groups.PICTURED,
        evidence_groups.FIRST_WEIGHTS,
    )
    groups = (*groups, evidence_groups.FEATURE_MAPS, evidence_groups.LAYER_MAPS)
    groups = (*groups, evidence_groups.ATTRIBUTIONS, evidence_groups.CAMS, evidence_groups.IMPORTANCE)
    arrays = {name for names_ in groups for name in names_.values()}
    assert arrays >= evidence_checks.AXES.keys()
    assert arrays - named(section("evidence.safetensors")) == set()


def test_every_attribute_of_a_trial_is_on_the_page():
    own = {slots.TOKEN, slots.SLOT, slots.OWNER, slots.BEAT, slots.OUTCOME, slots.ENDED_BY}
    assert own - named(section("search.db")) == set()
    words = (STUDY_ATTRIBUTE, BUDGET, slots.LOST, slots.GIVEN_UP, slots.WITHDRAWN)
    assert [word for word in words if f"`{word}`" not in section("search.db")] == []


def test_every_file_is_on_the_page():
    shared = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
    own = {file for kind in KINDS for file in kind.files} | {CLAIMS, DATABASE, LOCK} | set(map(study_name, WAYS))
    assert {file for file in shared | own if f"`{file}`" not in PAGE} == set()
    assert {kind.command for kind in KINDS} == set(re.findall(r"^\|.*\| `backhand (\w+)` \|$", PAGE, re.MULTILINE))


def test_every_fact_of_a_saved_model_is_on_the_page():
    forms_of_models = (model_file.ModelFacts, predictor_file.Facts, predictor_file.Span, *_forms_of(provenance))
    known = named(section("A saved model")) | named(section("best.safetensors"))  # which explains the range
    assert {key for form in forms_of_models for key in form.model_fields} - known == set()
    assert {"kind", "version", "backhand", *predictor_file.PREDICTORS} <= known


def _forms_of(module):
    return [each for name, each in vars(module).items() if name[0] != "_" and hasattr(each, "model_fields")]


def test_an_entry_of_the_cache_is_named_as_the_page_says():
    name = "KEY-DECODING-vVERSION.npz"
    assert f"`{name}`" in PAGE
    made = name.replace("KEY", 32 * "0").replace("DECODING", "images-skip").replace("VERSION", "5")
    assert NAME_PATTERN.fullmatch(made)
    assert f"`{SOURCE_ARRAY}`" in PAGE
