"""Series: many runs that answer a question together, and claims that compare their figures with reported ones."""

from backhand.experiments.kind import Kind
from backhand.files.names import SERIES

CLAIMS = "claims.json"
KIND = Kind("a series", package=__name__, command="run", mark=SERIES, first=(SERIES,), later=(CLAIMS,), result=CLAIMS)
