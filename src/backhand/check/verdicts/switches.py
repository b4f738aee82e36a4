"""Running statistics that an object takes in a mode of its own, which is neither that of training nor that of tests."""

import ast
from typing import Any

from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.reading.parameters import last_name
from backhand.check.reading.reader import Reading
from backhand.check.reading.roles import roles
from backhand.check.reading.specimen import Specimen
from backhand.check.reading.ways_back import definition
from backhand.check.verdicts.naming import functions_of


def is_switched_off(reading: Reading, specimen: Specimen) -> bool:
    """Whether forward updates the running statistics only behind a switch of the object that is off, as it is made."""
    if not isinstance(specimen, ObjectSpecimen):
        return False
    names = {last_name(path) for path in specimen.states.values()}
    trees = [definition(function) for function in functions_of(reading, "forward")]
    tests = [node for tree in trees if tree is not None for node in ast.walk(tree) if isinstance(node, ast.If)]
    return any(_is_off(node.test, specimen.instance) and names <= _stored(node) for node in tests)


def _is_off(test: ast.expr, instance: Any) -> bool:
    """Whether a test asks for an attribute that is False and says nothing of training or tests."""
    if not isinstance(test, ast.Attribute) or set(roles(test.attr)) & {"train", "test"}:
        return False
    return getattr(instance, test.attr, None) is False


def _stored(branch: ast.If) -> set[str]:
    """The attributes that a branch writes."""
    nodes = (node for statement in branch.body for node in ast.walk(statement))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
