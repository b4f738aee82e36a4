"""Studies: what to train, as frozen, validated values; TOML in, TOML out, no code executed."""

from backhand.study.schema import Study
from backhand.study.toml import load, shipped, to_toml

__all__ = ["Study", "load", "shipped", "to_toml"]
