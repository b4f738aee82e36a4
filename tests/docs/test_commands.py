"""Every command in the documentation runs, on small data and for few epochs, in a folder that has what it names."""

import re
import shlex
from pathlib import Path
from shutil import copytree, rmtree
from types import SimpleNamespace

import pytest

from backhand.study import load, load_series
from tests.docs.example_folder import WIDTH, backhand, build
from tests.docs.markdown_pages import FENCE, PAGES, ROOT, blocks

SHELLS = ("console", "sh")
PROGRAMS = "pip install", "make ", "python ", "venv/bin/pip ", ". venv/", "hf auth", "dask ", "mpiexec "  # of others
SHARED = "--storage postgresql://me@db.example.org/trials"
ELSEWHERE = {  # commands that need a network, another package or hours, and the test of what they do
    "backhand check layers.py --watch": "tests/check/review/test_watch.py",
    "backhand check --only softplus": "tests/docs/test_contributing.py",
    "backhand run digits --set model.activation=softplus": "tests/docs/test_contributing.py",
    "backhand check --only swish": "tests/plugins/test_example.py",
    "backhand run swish-crescents": "tests/plugins/test_example.py",
    "backhand run digits --set model.activation=swish": "tests/plugins/test_example.py",
    "backhand ask dropout --out dropout": "tests/experiments/questions/test_questions.py",
    "backhand run width.toml --workers 2": "tests/experiments/series/test_series_as_it_began.py",
    "backhand run width.toml --cluster tcp://head:8786": "tests/docs/test_cluster_guide.py",
    "backhand run --resume FOLDER --cluster tcp://head:8786": "tests/docs/test_cluster_guide.py",
    "backhand data verify mnist": "tests/data/test_verify.py",
    "backhand data verify fashion_mnist": "tests/data/test_verify.py",
    "backhand data fetch mnist": "tests/data/test_download.py",
    "backhand data fetch fashion_mnist": "tests/data/test_download.py",
    "backhand export runs/digits --push ada/digits --private": "tests/cli/test_export.py",
    "backhand run digits --set 'log.wandb={ offline = true }'": "tests/experiments/run/test_logs.py",
    "backhand run my-study.toml --init-from resnet50.pth": "tests/weights/test_torch_file.py",
    "backhand run my-study.toml --init-from torchvision:resnet18": "tests/weights/test_published.py",
    "backhand run all --data-dir DATA": "tests/cli/test_results.py",
    "backhand run r4-mnist-four-models --data-dir DATA": "tests/experiments/series/test_series.py",
    **dict.fromkeys(
        (
            "mpiexec -n 2 backhand run mnist-cnn",
            "mpiexec -n 4 -hosts first,second,third,fourth backhand run cifar10-cnn --data-dir /data",
            "srun --ntasks=4 --cpus-per-task=8 --mpi=pmi2 backhand run cifar10-cnn",
        ),
        "tests/experiments/run/test_together.py",
    ),
    **dict.fromkeys(
        (
            "mpiexec -n 2 backhand run digits --set train.accumulate=6 --threads 1 --out runs/two-ranks",
            "mpiexec -n 3 backhand run digits --set train.accumulate=6 --threads 1 --out runs/three-ranks",
            "mpiexec -n 2 backhand bench --ranks --only two_layer,mnist_cnn --rounds 2",
        ),
        "tests/docs/test_together_guide.py",
    ),
    **dict.fromkeys(
        (
            f"backhand run digits-search.toml {SHARED} --out runs/digits-search-a",
            f"backhand search workers runs/digits-search-a {SHARED}",
            f"backhand run --resume runs/digits-search-a {SHARED} --set search.trials=80",
            f"backhand run --resume runs/digits-search-1 {SHARED} --set search.seeds=3",
        ),
        "tests/docs/test_search_on_many_hosts_guide.py",
    ),
}
SMALL_RUN = ("--set", "train.epochs=1", "--set", "data.train_size=150")
SMALL_QUESTION = ("--set", "train.epochs=1", "--set", "data.train_size=100")
TINY = ("--set", "data.validation=0.2", "--set", "data.train_size=40", "--set", "train.epochs=1")  # of 100 images
SMALLER = {  # what makes a command small, by how it begins; the first that fits
    "run --resume runs/digits-search": ("--set", "search.trials=3"),
    "run --resume runs/longer": ("--set", "train.epochs=2"),
    "run --resume": (),
    "run mnist-mlp": (*TINY, *WIDTH),
    "run cifar10-cnn": (*TINY, "--set", "data.train_size=20", "--backend", "reference"),
    "run digits-search.toml": (*SMALL_RUN, "--set", "search.trials=2", "--set", "search.seeds=1"),
    "run search.toml": (*SMALL_RUN, "--set", "search.trials=2", "--set", "search.seeds=1"),
    "run width.toml": ("--set", "train.epochs=1", "--set", "data.train_size=100"),
    "run digits --set train.epoch=5": (),
    "run ": SMALL_RUN,
    "lr-find mnist-mlp": (*TINY, "--steps", "40"),
    "lr-find": ("--steps", "40"),
    "ask divergence --data-dir": TINY,
    "ask ": SMALL_QUESTION,
    "compare runs": (),
    "compare mnist": ("--train-size", "80", "--set", "data.validation=0.2", "--folds", "2", "--set", "train.epochs=1"),
    "compare": ("--folds", "2", "--set", "train.epochs=1"),
    "bench": ("--only", "two_layer", "--rounds", "1"),
    "check layers.py": (),
    "check --all": (),
    "check": ("--only", "linear"),
    "extend --resume": (),
    "extend runs/first --data mnist": ("--epochs", "1", "--resize"),
    "extend": ("--epochs", "1"),
    "predict RUN": ("--resize",),
}
STATUS = {
    "check layers.py": 1,  # which has a mistake
    "check --all": 1,
    "doctor": 1,
    "run digits --set train.epoch=5": 2,
    "run digits --set train.optimizer.lr=-1": 2,
}


def shell_lines() -> dict[str, str]:
    """Every line of a shell in the documentation, with the error that the page shows below it, if any."""
    found: dict[str, str] = {}
    for page in PAGES:
        for match in FENCE.finditer(page.read_text("utf-8")):
            lines = match["body"].splitlines()
            shown = match["language"] == "" and lines[0].startswith("$ ")
            if match["language"] not in SHELLS and not shown:
                continue
            for line, after in zip(lines, [*lines[1:], ""], strict=True):
                if match["language"] == "sh" or line.startswith("$ "):
                    command = line.removeprefix("$ ").partition("  #")[0].strip()
                    found[command] = after if after.startswith("error: ") else ""
    return {command.partition(" #")[0].strip(): error for command, error in found.items() if command}


LINES = shell_lines()
COMMANDS = sorted(line for line in LINES if line.startswith("backhand ") and line not in ELSEWHERE)


def test_every_line_is_run_here_or_elsewhere() -> None:
    others = [line for line in LINES if not line.startswith(("backhand ", *PROGRAMS))]
    assert [line for line in others if line not in ELSEWHERE] == []
    assert [name for name in ELSEWHERE.values() if not (ROOT / name).is_file()] == []
    assert set(ELSEWHERE) <= set(LINES)


def tables() -> list[tuple[str, str]]:
    """Every study and series in the documentation, with the page that shows it; those of a plugin are tested there."""
    shown = [(page.name, block) for page in PAGES for block in blocks(page, "toml") if "swish" not in block]
    return [(name, block) for name, block in shown if "[data]" in block or "[[parts]]" in block]


@pytest.mark.parametrize(("page", "block"), tables())
def test_every_study_in_the_documentation_is_valid(page: str, block: str, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(block, "utf-8")
    read = load_series if "[[parts]]" in block else load
    assert read(str(tmp_path / "study.toml")).name


def test_every_page_with_python_has_a_test_that_runs_it() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    others = "derivations", "reference"  # run by `test_worked_examples`, and signatures
    pages = [page for page in PAGES if blocks(page, "python") and page.parent.name not in others]
    assert [page.name for page in pages if page.name not in tests] == []


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples") / "folder"
    folder.mkdir()
    build(folder)
    return folder


def small(command: str) -> list[str]:
    """The words of the command without the program, made small, and with runs in place of the word RUN."""
    names = iter(("runs/a", "runs/b", "runs/c"))
    start = command.removeprefix("backhand ")
    if start.startswith("extend") and "--data images" in start:
        start = re.sub(r"\bRUN\b|runs/first", "runs/mine", start)  # which was trained on pictures
    added = next((words for beginning, words in SMALLER.items() if start.startswith(beginning)), ())
    start = re.sub(r"\bRUN\b", lambda _: next(names), start)
    return [*shlex.split(start), *added]


@pytest.mark.filterwarnings("ignore::backhand.errors.BackhandWarning")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(
    command: str,
    example: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    engine: None,
) -> None:
    copytree(example, tmp_path / "folder", symlinks=True)
    monkeypatch.chdir(tmp_path / "folder")
    monkeypatch.setenv("BACKHAND_DATA", str(tmp_path / "folder" / "DATA"))
    cache = SimpleNamespace(cache_dir=lambda: tmp_path / "cache")  # kernels keep theirs, and stay compiled
    monkeypatch.setattr("backhand.data.cache.locations", cache)
    monkeypatch.setattr("backhand.bench.timing.WARM_UP_MS", 1.0)
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    words = small(command)
    out = Path(words[words.index("--out") + 1]) if "--out" in words else Path("mine.toml")
    if out.is_dir():
        rmtree(out)
    elif words[0] == "new":
        out.unlink(missing_ok=True)
    status = backhand(*words)
    printed = capsys.readouterr()
    start = command.removeprefix("backhand ")
    expected = next((status for beginning, status in STATUS.items() if start.startswith(beginning)), 0)
    assert status in (expected, 0) if words[0] == "doctor" else status == expected, printed.err + printed.out
    assert LINES[command] in printed.err
