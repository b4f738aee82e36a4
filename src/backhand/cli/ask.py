"""`backhand ask`: a question of deep learning, answered by an experiment."""

from typing import Annotated

import typer

from backhand.cli.options import Backend, DataDir, KeptOut, Seed, Set, Threads


def ask(
    question: Annotated[
        str | None,
        typer.Argument(metavar="QUESTION", help="sigmoid, dropout or divergence; without it, what they ask is shown."),
    ] = None,
    data_dir: DataDir = None,
    out: KeptOut = None,
    set_: Set = None,
    seed: Seed = None,
    backend: Backend = None,
    threads: Threads = None,
) -> None:
    """Answer a question of deep learning by an experiment.

    Why is sigmoid hard to train, what does dropout do at inference, when does the loss diverge?
    """
    from backhand.backend import use
    from backhand.cli import engine
    from backhand.cli.interrupted import interruptible
    from backhand.console.terminal import make_console
    from backhand.experiments import questions, reports
    from backhand.experiments.workspace import OccupiedError, numbered

    console = make_console()
    if question is None:
        for name, each in questions.QUESTIONS.items():
            console.print(f"{name:<12}{each.study().title}")
        return
    own = engine.own()
    for path in numbered(f"ask-{question}") if out is None else [out]:
        engine.choose(backend, threads, path)
        with interruptible(path):
            try:
                questions.ask(question, path, overrides=set_ or (), seed=seed, data_dir=data_dir)
            except OccupiedError:  # by the same question with other settings, or by another process
                if out is not None:
                    raise
                use(*own)  # what that folder began with is nothing to the next one
                continue
            with console.status("drawing the page"):
                page = reports.write(path)
            console.print(f"report: {page}")
        return
