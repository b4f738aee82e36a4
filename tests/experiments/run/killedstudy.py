"""A study long enough to be killed at several moments, and how far a run of it has come."""

import os
from pathlib import Path

KILLS = int(os.environ.get("BACKHAND_KILLS", "4"))  # more of them: BACKHAND_KILLS=20 pytest tests/experiments/run
EPOCHS = 15 * KILLS  # long enough for every kill to hit it

STUDY = f"""
name = "killed"
[data]
name = "digits"
augment = {{ brightness = 0.2, cutout = 1, mixup = 0.2 }}
[model]
name = "mlp"
hidden = [64, 32]
dropout = 0.3
batchnorm = true
[train]
epochs = {EPOCHS}
batch_size = 64
optimizer = {{ kind = "adam", lr = 0.003 }}
schedule = {{ kind = "plateau", patience = 4, factor = 0.5, warmup = 2 }}
momentum_schedule = {{ kind = "linear", end = 0.95 }}
l2 = 1e-4
keep_states = true
"""


def epochs_done(run: Path) -> int:
    history = run / "history.jsonl"
    return len(history.read_text().splitlines()) if history.exists() else 0
