"""The report of a comparison, made from its folder alone."""
