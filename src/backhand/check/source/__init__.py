"""A person's file, folder or notebook, read and executed so that whatever works of it can be checked."""

from backhand.check.source.definitions import Definition
from backhand.check.source.program import load, load_module
from backhand.check.source.remarks import Place, Remark, Unfinished

__all__ = ["Definition", "Place", "Remark", "Unfinished", "load", "load_module"]
