"""A check of a small file starts quickly: nothing heavy is imported in either process."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "numba", "matplotlib", "scipy", "pandas", "jax"}
RELU = "def relu_forward(x):\n    return x * (x > 0), x\ndef relu_backward(dout, x):\n    return dout * (x > 0)\n"


@pytest.mark.parametrize(
    "program",
    [
        "import backhand.cli.check, backhand.cli.review, backhand.check.review.forms.html",
        "from backhand.check.review.examine import review; assert review(sys.argv[1]).units",
    ],
)
def test_nothing_heavy_is_imported(program, tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(RELU)
    script = f"import sys; {program}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()
