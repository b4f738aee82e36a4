"""Names of files in an experiment's folder that more than one room knows: see `docs/formats.md`."""

STUDY, SERIES = "study.toml", "series.toml"
ENVIRONMENT = "environment.json"
METRICS, HISTORY = "metrics.json", "history.jsonl"
BEST, STATE = "best.safetensors", "state.safetensors"
LOG, LOG_STEPS, TENSORBOARD = "log.csv", "log-steps.csv", "tensorboard"  # where a study asks for logs
EVIDENCE = "evidence.safetensors"
RANGE_TEST = "range.json"
