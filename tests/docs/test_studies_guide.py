"""Every key of a study is in the guide, with its right default, and every study in a guide is valid."""

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic_core import PydanticUndefined

from backhand import data
from backhand.architectures.activations import ACTIVATIONS
from backhand.layers import LAYERS
from backhand.layers.initialisers import NAMED
from backhand.study import Study, load
from backhand.study.table import Table
from backhand.training.losses import LOSSES
from tests.docs.markdown_pages import GUIDES, blocks

CODE = re.compile(r"`([^`]+)`")
Key = tuple[str, str, str]  # the path of the table, its kind or "", the key


def tables(path: str = "", of: type[Table] = Study) -> Iterator[tuple[str, type[Table]]]:
    """Every table of a study with its path, forms of one table apart."""
    yield path, of
    for name, field in of.model_fields.items():
        for kind in table_classes(field.annotation):
            yield from tables(f"{path}.{name}".strip("."), kind)


def table_classes(annotation: Any) -> list[type[Table]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return [annotation]
    return [found for part in get_args(annotation) for found in table_classes(part)]


def plain(default: Any) -> Any:
    """A default as TOML has it."""
    if default in (PydanticUndefined, dataclasses.MISSING):
        return "required"
    if isinstance(default, Table):
        return default.model_dump(exclude_defaults=True)
    return [plain(each) for each in default] if isinstance(default, tuple) else default


def actual_keys() -> dict[Key, Any]:
    keys: dict[Key, Any] = {}
    for path, table in tables():
        kind = get_args(table.model_fields["kind"].annotation)[0] if "kind" in table.model_fields else ""
        form = get_args(table.model_fields["name"].annotation) if path == "model" else ()
        for name, field in table.model_fields.items():
            if name != "kind":
                keys[(path, kind or "".join(form), name)] = plain(field.default)
    for kind, layer in LAYERS.items():
        for field in (field for field in dataclasses.fields(layer) if field.init):
            keys[("model.layers", kind, field.name)] = plain(field.default)
    return keys


def documented_keys() -> dict[Key, Any]:
    keys: dict[Key, Any] = {}
    for section in re.split(r"^### ", (GUIDES / "studies.md").read_text("utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n## ")[0].partition("\n")
        paths = CODE.findall(heading)
        form = "".join(re.findall(r'name = "(\w+)"', heading))
        paths = [path for path in paths if "=" not in path] or [""]
        for row in re.findall(r"^\| (.+) \|$", body, re.MULTILINE):
            cells = [cell.strip() for cell in re.split(r" \|(?: |$)", row)]
            if not CODE.search(row) or "no keys" in cells:
                continue
            kinds = [form] if len(cells) == 4 else CODE.findall(cells[0]) or ["every kind"]
            name, _, default = cells[-4:-1]
            for path in paths:
                for kind in kinds:
                    keys[(path, kind, name.strip("`"))] = from_toml(default)
    return keys


def from_toml(cell: str) -> Any:
    if cell in ("required", "none"):
        return None if cell == "none" else cell
    return tomllib.loads(f"value = {cell.strip('`')}")["value"]


def test_every_key_of_a_study_is_documented_with_its_default() -> None:
    actual, documented = actual_keys(), documented_keys()
    for path, kind, name in [key for key in documented if key[1] == "every kind"]:
        default = documented.pop((path, kind, name))
        documented |= {key: default for key in actual if (key[0], key[2]) == (path, name)}
    assert len(actual) > 60
    assert documented == actual


def test_the_values_that_a_key_admits_are_those_of_the_package() -> None:
    text = (GUIDES / "studies.md").read_text("utf-8")
    for name in [*data.DATASETS, *LAYERS, *LOSSES, *ACTIVATIONS, *NAMED]:
        assert re.search(f'`"?{name}"?`', text), f"{name} is not told of"


@pytest.mark.parametrize("page", [GUIDES / "studies.md", GUIDES / "your-own-images.md"], ids=lambda page: page.stem)
def test_the_studies_of_a_guide_are_valid(page: Path, tmp_path: Path) -> None:
    found = blocks(page, "toml")
    assert found
    for text in found:
        (tmp_path / "study.toml").write_text(text)
        assert load(str(tmp_path / "study.toml")).name == tomllib.loads(text)["name"]
