"""What `backhand check` does with a person's files: reviews, their forms, and the exit status."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backhand.check.review.forms import files, terminal, wording
from backhand.check.review.process import Limits, review_target
from backhand.check.review.records import Review
from backhand.console.output import print_json
from backhand.errors import BackhandError
from backhand.files.atomic import write_output
from backhand.machine import cores


@dataclass(frozen=True)
class Outputs:
    """The forms that are wanted: JSON in place of the page on the terminal, and files."""

    json: bool = False
    html: Path | None = None
    junit: Path | None = None

    def write(self, reviews: Sequence[Review], page: str) -> None:
        """Write the files. page: the HTML."""
        if self.html is not None:
            write_output(self.html, page.encode())
        if self.junit is not None:
            write_output(self.junit, files.junit(reviews).encode())


def review_targets(targets: Sequence[str], limits: Limits, outputs: Outputs) -> int:
    """Review each target and show the result; returns the exit status."""
    console = terminal.page_console()
    reviews: list[Review] = []
    for number, target in enumerate(targets):
        reviews.append(review_with_status(target, limits))
        if not outputs.json and (len(targets) > 1 or not wording.is_refused(reviews[-1])):
            if number:
                console.print()
            terminal.show(console, reviews[-1])
    outputs.write(reviews, _page(reviews) if outputs.html else "")
    if outputs.json:
        print_json(files.json_of(reviews[0]) if len(reviews) == 1 else files.json_of_all(reviews))
    elif len(reviews) == 1 and wording.is_refused(reviews[0]):
        raise BackhandError(reviews[0].failure)
    return wording.status(reviews)


def _page(reviews: Sequence[Review]) -> str:
    from backhand.check.review.forms import html, overview

    return (
        html.page(reviews[0]) if len(reviews) == 1 else overview.page(reviews, f"Check of {len(reviews)} files", "file")
    )


def review_with_status(target: str, limits: Limits) -> Review:
    """Review a target while a line says which layer was done last."""
    with terminal.page_console(stderr=True).status(f"checking {target}") as status:
        return review_target(target, limits, lambda name: status.update(f"checking {target}: {name} is done"))


def review_submissions(paths: Sequence[Path], limits: Limits, outputs: Outputs, workers: int | None) -> int:
    """Review many submissions and show them together; returns the exit status."""
    from backhand.check.review.forms import overview
    from backhand.check.review.submissions import find_submissions, review_all

    submissions = find_submissions(paths)
    started, done = time.monotonic(), 0
    with terminal.page_console(stderr=True).status(f"checking {len(submissions)} submissions") as status:

        def show_progress(review: Review) -> None:
            nonlocal done
            done += 1
            status.update(f"checked {done} of {len(submissions)}: {review.target}")

        reviews = review_all(submissions, limits, workers or cores(), show_progress)
    title = f"Check of {', '.join(map(os.fspath, paths))}"
    outputs.write(reviews, overview.page(reviews, title) if outputs.html else "")
    if outputs.json:
        print_json(files.json_of_all(reviews))
    else:
        overview.show(terminal.page_console(), reviews, time.monotonic() - started)
    return wording.status(reviews)


def single(targets: Sequence[str], all_: bool, outputs: Outputs) -> str:
    """The target to watch. Raises BackhandError for several, and with options that go with one check only."""
    if len(targets) > 1 or all_ or outputs != Outputs():
        raise BackhandError(
            "--watch shows one file or folder in the terminal; name one, without --all or an output file"
        )
    return targets[0]


def watch_target(target: str, limits: Limits) -> int:
    """Review a target again after each save, until Ctrl-C; returns the exit status of the last review."""
    from backhand.check.review.watch import changes, progress

    console = terminal.page_console()
    review: Review | None = None
    try:
        for saved in changes(Path(target)):
            before, review = review, review_with_status(target, limits)
            console.clear()
            if before is not None:
                names = ", ".join(path.name for path in saved)
                console.print(f"{names} was saved at {time.strftime('%X')}. {progress(before, review)}".rstrip())
                console.print()
            terminal.show(console, review)
            console.print("Waiting for the next save; Ctrl-C ends.", style="dim")
    except KeyboardInterrupt:
        console.print()
    return wording.status([] if review is None else [review])
