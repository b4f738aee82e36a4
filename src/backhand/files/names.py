"""Names of files in an experiment's folder that more than one room knows: see `docs/formats.md`."""

STUDY, SERIES = "study.toml", "series.toml"
ENVIRONMENT = "environment.json"
METRICS, HISTORY = "metrics.json", "history.jsonl"
BEST, STATE = "best.safetensors", "state.safetensors"
LOG, LOG_STEPS = "log.csv", "log-steps.csv"  # where a study asks for them
EVIDENCE = "evidence.safetensors"
RANGE_TEST = "range.json"
