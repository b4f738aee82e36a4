"""`backhand ask`: a question of deep learning, answered by an experiment."""

from functools import partial
from typing import Annotated, Any

import typer

from backhand.console.options import Backend, Cluster, DataDir, Out, Overrides, Resume, Seed, Threads, Workers
from backhand.experiments.command import Launch, carry_out, refuse_another_kind, refuse_other_options


def ask(
    context: typer.Context,
    question: Annotated[
        str | None,
        typer.Argument(metavar="QUESTION", help="sigmoid, dropout or divergence; without it, they are listed."),
    ] = None,
    data_dir: DataDir = None,
    out: Out = None,
    resume: Resume = None,
    set_: Overrides = None,
    seed: Seed = None,
    workers: Workers = None,
    cluster: Cluster = None,
    backend: Backend = None,
    threads: Threads = None,
) -> dict[str, Any]:
    """Answer a question of deep learning by an experiment.

    Why is sigmoid hard to train, what does dropout do at inference, when does the loss diverge?
    """
    from backhand.console.terminal import make_console
    from backhand.experiments.questions import plan, work

    launch = Launch(out, resume, data_dir, backend, threads, workers, cluster)
    if resume is not None:
        refuse_another_kind(resume, "ask")
        refuse_other_options(context, resume)
        return carry_out("", work.resume, launch)
    if question is None:
        for name, listed in plan.QUESTIONS.items():
            make_console().print(f"{name:<12}{listed.study().title}")
        return {name: listed.study().title for name, listed in plan.QUESTIONS.items()}
    study = plan.question(question).study(set_ or (), seed)
    return carry_out(f"ask-{question}", partial(work.run, question, study), launch)
