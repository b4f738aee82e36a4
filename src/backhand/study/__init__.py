"""Studies: what to train, as frozen, validated values; TOML in, TOML out, no code executed."""

from backhand.study.schema import Study
from backhand.study.toml import changed, load, shipped, to_toml

__all__ = ["Study", "changed", "load", "shipped", "to_toml"]
