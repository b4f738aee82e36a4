"""A worker of a search: `python -m backhand.experiments.search FOLDER DATA_DIR URL OWNER QUIET`.

An argument that does not apply is empty.
"""

import os
import signal
import sys
import threading
import warnings
from pathlib import Path

from backhand.console import exits
from backhand.errors import BackhandWarning
from backhand.experiments.search.work import work


def _end_with_parent() -> None:
    """Standard input is a pipe from the process that shares out the work, and ends when that does, however it does."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for the search, whose workers just end
    warnings.simplefilter("ignore", BackhandWarning)  # the search has said it
    path, data_dir, url, owner, quiet = sys.argv[1:]
    own = Path(path), Path(data_dir) if data_dir else None, url or None, owner
    sys.exit(exits.status_of(lambda: work(*own, quiet=bool(quiet))))
