"""Changes of single lines of somebody's function, each of which can be applied, tried and taken back."""

from backhand.check.source.edits.called import called_functions
from backhand.check.source.edits.edit import Edit
from backhand.check.source.edits.flow import Stored, returned_names, slice_lines, stored_names
from backhand.check.source.edits.generator import edits, rank

__all__ = ["Edit", "Stored", "called_functions", "edits", "rank", "returned_names", "slice_lines", "stored_names"]
