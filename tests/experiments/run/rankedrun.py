"""A run under mpiexec without its report, which takes longer than the training: FOLDER [KEY=VALUE ...]."""

import sys
from pathlib import Path

from backhand.cli.together import run_together
from backhand.experiments.run import work
from backhand.study import load
from backhand.training.parallel.ranks import launched


def program():
    folder, *changes = sys.argv[1:]
    saved = Path(folder) / "study.toml"
    study = load(str(saved) if saved.exists() else "digits", tuple(changes))
    work.run(study, folder, resume=None, ranks=launched())


if __name__ == "__main__":
    sys.exit(run_together(program))
