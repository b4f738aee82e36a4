"""The report on a search: its trials, how they compare, and the runs of the best."""
