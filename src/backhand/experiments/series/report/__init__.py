"""The report on a series of runs: claims beside figures, and each part as a table and plots."""
