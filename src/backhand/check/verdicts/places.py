"""The line of a mistake for which no change was found."""

import ast
import re
from collections.abc import Callable, Sequence
from types import FunctionType

from backhand.check.reading.reader import Reading
from backhand.check.source.edits.flow import slice_of
from backhand.check.source.guarded import outcome
from backhand.check.source.program import Program
from backhand.check.source.remarks import Place
from backhand.check.source.running import Statement, statements_before, statements_run
from backhand.check.verdicts.likeliest import Clue, is_entry, likeliest
from backhand.check.verdicts.naming import function_of, gradient_expression, place_of
from backhand.check.verdicts.signs import RANDOM, makes_a_float
from backhand.check.verdicts.trial import Trial
from backhand.check.verdicts.update_places import update_statement

IN_PLACE = re.compile(r"[-+*/@]=|\]\s*=(?!=)|\w_\(|\bout=|\bcopyto\(|\bput(mask|_along_axis)?\(|\bat\(")
STEP = re.compile(r"[-+]=")


def gradient_place(
    reading: Reading,
    program: Program,
    cause: str,
    name: str,
    failed: Sequence[Trial],
    ran: Sequence[Trial],
    others: Sequence[str] = (),
) -> Place | None:
    """The likeliest line of a wrong gradient.

    failed: the trials in which it is wrong.   ran: all.   others: gradients that are wrong for the same cause.
    """
    function, expression = function_of(reading, "backward"), gradient_expression(reading, name)
    also = tuple((gradient_expression(reading, other), other) for other in others)
    values = failed[0].gradients.values if failed else {}
    rest = [other for other, value in values.items() if value is not None and other not in failed[0].wrong]
    right = tuple((gradient_expression(reading, other), other) for other in rest if others)
    clue = Clue(cause, "backward", function, expression, name, also, right)
    return _likely_place(program, clue, failed, ran) or place_of(program, function)


def forward_place(
    reading: Reading, program: Program, cause: str, failed: Sequence[Trial], ran: Sequence[Trial]
) -> Place | None:
    """The likeliest line of a mistake of the forward pass."""
    function = function_of(reading, "forward")
    return _likely_place(program, Clue(cause, "forward", function), failed, ran) or place_of(program, function)


def update_place(program: Program, cause: str, function: FunctionType, call: Callable[[], object]) -> Place | None:
    """The likeliest line of a mistake in a rule of updates. call: what runs it."""
    run = [each for each in statements_run(program.session, call) if is_entry(each.function, function)]
    statement = update_statement(run, cause)
    return _place(statement) if statement is not None else place_of(program, function)


def float_size_place(program: Program, error: BaseException) -> Place | None:
    """The line whose `/` has made a float of a size that an error complains of, else that of the error."""
    above = statements_before(program.session, error)
    if not above:
        return None
    used = {ast.unparse(each) for each in above[-1].walk() if isinstance(each, ast.Name | ast.Attribute)}
    lines = slice_of(above[-1].function, used)
    dividing = [each for each in above if makes_a_float(each) and (each is above[-1] or each.node.lineno in lines)]
    return _place(min(dividing, key=lambda each: lines.get(each.node.lineno, -1)) if dividing else above[-1])


def behaviour_place(
    reading: Reading, program: Program, behaviour: str, arrays: Sequence[str], trial: Trial
) -> Place | None:
    """The first line that looks like it, such as one that draws random numbers or writes into a named array."""
    clue = Clue("", "forward" if "forward" in behaviour else "backward", function_of(reading, "backward"))
    run = {_first_line(each): each for each in _run(program, clue, trial)}
    signs = RANDOM if "random" in behaviour else IN_PLACE
    likely = [text for text in run if signs.search(text)]
    bare = [re.split(r"\W", name)[0] for name in arrays]  # the weights of weights[1]
    named = [text for text in likely if any(re.search(rf"\b{name}\b", text) for name in bare)]
    bound = [text for text in run if any(re.match(rf"self\.{name} = ", text) for name in bare)]
    targets = {text: parts[0] for text in named if len(parts := STEP.split(text)) > 1}
    stepped = [text for text, target in targets.items() if any(re.search(rf"\b{name}\b", target) for name in bare)]
    ranked = [*stepped, *bound, *named, *likely] if "parameters" in behaviour else [*named, *likely]
    return _place(run[ranked[0]]) if ranked else None


def _first_line(statement: Statement) -> str:
    """A statement on one line, whatever spaces and quotes were used; of a loop or a condition what it begins with."""
    return ast.unparse(statement.node).partition("\n")[0]


def _likely_place(program: Program, clue: Clue, failed: Sequence[Trial], ran: Sequence[Trial]) -> Place | None:
    if "test mode" in clue.cause or "test pass" in clue.cause:
        failed = [trial for trial in failed if not trial.config.get("train", True)] or failed
    in_train = bool(failed) and bool(failed[0].config.get("train", True))
    right = [trial for trial in ran if trial.crashed is None and trial.config.get("train", True) is not in_train]
    run = _run(program, clue, failed[0]) if failed else []
    statement = likeliest(run, clue, [each.node for trial in right[:1] for each in _run(program, clue, trial)])
    return _place(statement) if statement is not None else None


def _run(program: Program, clue: Clue, trial: Trial) -> list[Statement]:
    """The statements of a pass; of both where one function makes both."""
    specimen = trial.specimen
    assert specimen is not None
    run: list[Statement] = []
    if clue.pass_name == "backward":
        passage = outcome(specimen.forward).value
        run = statements_run(program.session, lambda: passage and passage.backward(trial.dy))
    run = run or statements_run(program.session, specimen.forward)
    return [each for each in run if each.function.name != "__init__"]


def _place(statement: Statement) -> Place:
    return statement.location
