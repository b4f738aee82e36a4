"""What a layer is meant for, where it is not forward but backward that shows it."""

import ast
import inspect
from collections.abc import Iterator, Sequence

from backhand.check.reading.reader import Reading
from backhand.check.reading.recognition import recognise
from backhand.check.reading.roles import roles
from backhand.check.reading.units import parameter_names
from backhand.check.source.program import Program
from backhand.check.verdicts.trial import Trial


def refuse_other_axes(reading: Reading, trials: Sequence[Trial]) -> None:
    """Take a backward pass that fails for inputs of another number of axes as a refusal of these, as in forward.

    Forward may take them by chance, as `x @ W` and `x.reshape(len(x), -1)` do. Where forward computes its kind for them
    with the help of parameters, it was written for them, and backward should take them, too.
    """
    ran = [trial for trial in trials if trial.refused is None]
    failing = {_axes(trial): trial.crashed for trial in ran if trial.crashed is not None}
    if all(_axes(trial) in failing for trial in ran):
        return
    for trial in ran:
        if _axes(trial) in failing and not _is_written_for(reading, trial):
            trial.refused, trial.crashed = failing[_axes(trial)], None


def is_doubtful(reading: Reading, ran: Sequence[Trial]) -> bool:
    """Whether backward fails, and may do so only because it was called in a way that was not meant.

    That is so where it fails in every configuration, and the layer is of no known kind, or an argument of backward was
    guessed to be the input or the output.
    """
    if not ran or not all(trial.crashed is not None and not _is_slip(trial.crashed) for trial in ran):
        return False
    return reading.match is None or _has_guessed_argument(reading)


def refuse_unknown(reading: Reading, trials: Sequence[Trial]) -> None:
    """Take the failures of a layer of no known kind as refusals where it works in some configurations."""
    if reading.match is None and any(trial.refused is None and trial.crashed is None for trial in trials):
        for trial in trials:
            if trial.crashed is not None and not _is_slip(trial.crashed):
                trial.refused, trial.crashed = trial.crashed, None


def _is_slip(error: BaseException) -> bool:
    """Whether the code itself is at fault, whatever it was given: a name or an attribute of its object is not there."""
    return isinstance(error, NameError) or (isinstance(error, AttributeError) and error.obj is not None)


def _has_guessed_argument(reading: Reading) -> bool:
    """Whether backward takes something besides the upstream gradient and what forward is given."""
    if reading.methods is None:
        return False
    forward, backward = (
        getattr(reading.methods.cls, name) for name in (reading.methods.forward, reading.methods.backward)
    )
    own = [p for p in inspect.signature(backward).parameters.values() if p.default is p.empty and p.name != "self"]
    return (
        len([p for p in own if p.name not in parameter_names(forward) and roles(p.name)[:1] != ("dy",)]) > 0
        and len(own) > 1
    )


def _axes(trial: Trial) -> tuple[int, ...]:
    specimen = trial.specimen
    names = specimen.roles.items() if specimen is not None else ()
    return tuple(specimen.arrays[name].ndim for name, role in names if role == "x") if specimen is not None else ()


def _is_written_for(reading: Reading, trial: Trial) -> bool:
    if not reading.kind.parameters or trial.specimen is None or trial.passage is None:
        return False
    return recognise(reading.kind, trial.specimen, trial.passage, trial.config, reading.layout) is not None


def takes_single_samples(ran: Sequence[Trial]) -> bool:
    """Whether backward fails wherever there are several samples, and is right wherever there is one."""
    crashed = [trial for trial in ran if trial.crashed is not None]
    rest = [trial for trial in ran if trial.crashed is None]
    return (
        bool(crashed and rest)
        and all(trial.config.get("N", 1) > 1 for trial in crashed)
        and all(trial.config.get("N", 0) == 1 and trial.passed for trial in rest)
    )


def missing_name(error: BaseException | None, program: Program) -> str:
    """The name that an error misses although the person's code binds it at its top level; "" for none.

    The statement that binds it could not be run here, such as an import of a compiled module or the loading of data.
    """
    name = error.name if isinstance(error, NameError) else None
    files = program.session.files.values()
    return name if name and any(name in set(_bound(file.tree)) for file in files) else ""


def _bound(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that these statements bind, but for those inside functions and classes."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
        else:
            yield from (
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )
            for inside in ast.iter_child_nodes(statement):
                handlers = inside.body if isinstance(inside, ast.ExceptHandler) else [inside]
                yield from _bound([each for each in handlers if isinstance(each, ast.stmt)])
