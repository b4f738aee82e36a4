"""A worker of a search: `python -m backhand.search FOLDER DATA_DIR URL`, the last two empty where there is none."""

import signal
import sys
import warnings
from pathlib import Path

from backhand import exits
from backhand.errors import BackhandWarning
from backhand.search.run import work

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for the search, whose workers just end
    warnings.simplefilter("ignore", BackhandWarning)  # the search has said it
    path, data_dir, url = sys.argv[1:]
    sys.exit(exits.status_of(lambda: work(Path(path), Path(data_dir) if data_dir else None, url or None)))
