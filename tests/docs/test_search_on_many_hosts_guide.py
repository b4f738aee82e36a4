"""The guide search-on-many-hosts.md: its commands, its scripts and its server, on a real database."""

import json
import os
import shlex
import subprocess
import sys

import pytest
import typer

from backhand.cli.app import app
from backhand.experiments import command
from tests.docs.markdown_pages import GUIDES, blocks
from tests.experiments.search.conftest import free_port
from tests.postgresql import running_server

yaml = pytest.importorskip("yaml", reason="PyYAML, which comes with Optuna, is not installed")
PAGE = GUIDES / "search-on-many-hosts.md"
ADDRESS = "postgresql://me@db.example.org/trials"
WITHOUT_TEST = ("--set", "search.seeds=0")


@pytest.fixture(scope="module")
def server():
    with running_server() as running:
        yield running


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder in which a reader works: the study of the guide to searches, made small. No reports are drawn."""
    (study,) = [block for block in blocks(GUIDES / "search.md", "toml") if "[search.space]" in block]
    study = study.replace("epochs = 15", "epochs = 1").replace("validation = 0.2", "validation = 0.2\ntrain_size = 150")
    (tmp_path / "digits-search.toml").write_text(study.replace("trials = 40", "trials = 2"))
    monkeypatch.setattr(command, "write_reports", lambda *_: [])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_its_commands_and_its_slurm_script_share_one_search(server, folder, cli, monkeypatch):
    """A task of the array begins, and goes on when it is queued again, as the script says."""
    address = server.url(server.new_database())

    def run(line):
        small = (
            line.replace(ADDRESS, address).replace("search.trials=80", "search.trials=3").replace("seeds=3", "seeds=1")
        )
        status, said = cli(*shlex.split(small)[1:], *(() if "seeds" in line or "workers" in line else WITHOUT_TEST))
        assert status == 0, said

    (script,) = [block for block in blocks(PAGE, "bash") if "SBATCH" in block]
    monkeypatch.setenv("BACKHAND_STORAGE", address)
    assert f"BACKHAND_STORAGE={ADDRESS}" in script
    lines = []
    for _ in range(2):
        lines.append(line_of(script, folder))
        run(lines[-1])
    assert ["--resume" in line for line in lines] == [False, True]
    monkeypatch.delenv("BACKHAND_STORAGE")
    for line in (lines := "".join(blocks(PAGE, "console")).splitlines()):
        run(line.removeprefix("$ "))
    assert len(lines) == 4
    one, first = (json.loads((folder / "runs" / f"digits-search-{name}" / "search.json").read_text()) for name in "a1")
    assert len(one["trials"]) == 3
    assert one["trials"] == first["trials"]
    assert len(first["runs"]) == 1


def line_of(script, folder):
    """The line that a script of bash ends with, as a program called `backhand` in its place sees it."""
    program = folder / "bin" / "backhand"
    program.parent.mkdir(exist_ok=True)
    program.write_text('#!/bin/sh\necho backhand "$@"\n')
    program.chmod(0o755)
    environment = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "SLURM_ARRAY_TASK_ID": "1"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_its_server_serves(server, folder, cli):
    (code,) = blocks(PAGE, "python")
    database = server.url(server.new_database()).replace("postgresql://", "postgresql+psycopg://")
    port = free_port()
    script = code.replace("postgresql+psycopg://me@localhost/trials", database)
    script = script.replace("0.0.0.0", "127.0.0.1").replace("13000", str(port))
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", script])
    try:
        served = ("--storage", f"grpc://127.0.0.1:{port}", "--out", "served")
        status, said = cli("run", "digits-search.toml", *served, *WITHOUT_TEST)
        assert status == 0, said
    finally:
        process.kill()
        process.wait()


def test_its_job_is_one_that_the_program_understands():
    (job,) = (yaml.safe_load(block) for block in blocks(PAGE, "yaml"))
    spec = job["spec"]
    assert (job["apiVersion"], job["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    program, name, *arguments = container["command"]
    assert program == "backhand"
    typer.main.get_command(app).commands[name].make_context(name, list(arguments))
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    (variable,) = container["env"]
    secret = variable["valueFrom"]["secretKeyRef"]
    made = "".join(blocks(PAGE, "bash"))
    assert variable["name"] == "BACKHAND_STORAGE"
    assert f"secret generic {secret['name']} --from-literal={secret['key']}=" in made
    assert "configmap digits-search --from-file=digits-search.toml" in made
