"""A worker of a search: `python -m backhand.search FOLDER DATA_DIR URL`, the last two empty where there is none."""

import sys
from pathlib import Path

from backhand.errors import BackhandError
from backhand.search.run import work

if __name__ == "__main__":
    try:
        work(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, sys.argv[3] or None)
    except BackhandError as error:
        sys.exit(f"error: {error}")
