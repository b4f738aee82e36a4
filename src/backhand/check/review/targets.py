"""What a person may name to be checked: a file, a notebook, a folder or a module."""

import re
from pathlib import Path

MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
CODE = {".py", ".ipynb", ".pyw", ".txt", ""}
SUFFIXES = {".py", ".ipynb"}


def refusal(target: str) -> str:
    """Why there is nothing to check under this name, in one sentence; "" where there may be something."""
    path = Path(target).expanduser()
    if path.is_dir():
        return ""
    if not path.exists():
        module = MODULE.fullmatch(target) and path.suffix not in SUFFIXES
        return "" if module else f"there is no {target}; check the name"
    if not path.is_file():
        return f"{target} is not a file; name a Python file, a notebook or a folder"
    if path.suffix.lower() not in CODE:
        return f"{target} is neither a Python file nor a notebook; name the file that holds your layers"
    try:
        empty = path.stat().st_size < 100 and not path.read_bytes().strip()
    except OSError as error:
        return f"{target} cannot be read ({error.strerror}); check its permissions"
    return f"{target} is empty; save your layers in it first" if empty else ""
