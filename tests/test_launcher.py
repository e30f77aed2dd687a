"""`make run` from outside: what it says, and that nothing of it stays behind."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.children import Household
from config.data_folder import CONTENTS, DataFolder, FolderInUseError, reset
from config.demo import StandIn
from config.launcher import banner
from config.ports import PortTakenError, answers, chosen_port, free_port

ROOT = Path(__file__).resolve().parent.parent


def launcher(*arguments: str, data: Path, port: int, **more: str) -> "subprocess.Popen[str]":
    """The launcher as its own process, without the servers of this test run."""
    outside = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return subprocess.Popen(
        [sys.executable, "-m", "config.launcher", *arguments],
        cwd=ROOT,
        env=outside | {"HANDOFFS_DATA_DIR": str(data), "PORT": str(port), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """What the launcher printed up to the line with these words."""
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if words in line:
            return printed
    assert process.stderr is not None
    pytest.fail(f"it ended without saying '{words}': {printed}{process.stderr.read()}")


def everything_below(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def still_running(processes: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Those of the processes that have not ended after so long."""
    deadline = time.monotonic() + seconds
    while True:
        running = [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        if not running or time.monotonic() > deadline:
            return running
        time.sleep(0.1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all starts of this file: the demo company is loaded once."""
    return tmp_path_factory.mktemp("launcher")


@pytest.fixture
def started(data: Path) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """A running demo: its process, its port, and what it printed."""
    port = free_port()
    process = launcher(data=data, port=port)
    try:
        yield process, port, read_until(process, "Stop it with Ctrl-C")
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=15)


@pytest.mark.slow
def test_a_started_demo_says_where_it_is_refuses_a_second_start_and_stops_cleanly(started, data: Path):
    process, port, printed = started
    children = everything_below(process)

    for expected in ("Python ", "Database  SQLite in", "Broker    ", f"Handoffs runs at http://127.0.0.1:{port}"):
        assert expected in printed
    assert answers(host="127.0.0.1", port=port, path="/accounts/login/")

    second = launcher(data=data, port=free_port())
    _, refusal = second.communicate(timeout=30)
    assert f"Handoffs already runs on {data} (process {process.pid}, http://127.0.0.1:{port})" in refusal
    assert second.returncode == 2

    removal = launcher("--reset", data=data, port=port)
    _, refusal = removal.communicate(timeout=30)
    assert "Handoffs already runs on" in refusal
    assert (data / "handoffs.sqlite3").is_file()

    asked = time.monotonic()
    process.terminate()
    rest, errors = process.communicate(timeout=15)
    assert time.monotonic() - asked < 10
    assert "Stopped; the data is kept." in rest, errors
    assert process.returncode == 0
    assert still_running(children, seconds=0) == []


@pytest.mark.slow
def test_nothing_outlives_a_launcher_that_was_killed_outright(started):
    process, port, _ = started
    children = everything_below(process)
    process.kill()
    assert still_running(children, seconds=8) == []
    assert not answers(host="127.0.0.1", port=port, path="/")


@pytest.mark.slow
def test_the_death_of_one_part_ends_all_and_names_it(started, data: Path):
    process, _, _ = started
    children = everything_below(process)
    beat = next(child for child in children if "beat" in child.cmdline())
    beat.kill()
    _, errors = process.communicate(timeout=15)
    assert f"The beat ended by itself (signal SIGKILL), so everything is stopped. The end of {data}" in errors
    assert process.returncode == 1
    assert still_running(children, seconds=0) == []


def test_a_taken_port_is_a_sentence_with_the_way_out(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = launcher(data=tmp_path, port=port)
        _, errors = process.communicate(timeout=30)
    assert errors.startswith(f"Port {port} of 127.0.0.1 is not free (another program uses it); choose another one")
    assert errors.count("\n") == 1
    assert process.returncode == 2


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_refused(text: str):
    with pytest.raises(PortTakenError, match="which is no port"):
        chosen_port(text, host="127.0.0.1")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"DATABASE_URL": "postgres://me:hush@127.0.0.1:1/handoffs"}, "The database at DATABASE_URL does not answer"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "The broker at REDIS_URL does not answer"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL names neither"),
        ({"HANDOFFS_DATA_DIR": "/proc/nowhere"}, "The data folder /proc/nowhere cannot be written"),
    ],
)
def test_what_is_down_or_unusable_is_a_sentence(settings: dict[str, str], sentence: str, tmp_path: Path):
    process = launcher(data=tmp_path, port=free_port(), **settings)
    _, errors = process.communicate(timeout=30)
    assert sentence in errors
    assert "Traceback" not in errors
    assert "hush" not in errors
    assert process.returncode in {1, 2}


def test_reset_removes_what_the_demo_wrote_and_nothing_else(tmp_path: Path):
    for name in ("handoffs.sqlite3", "handoffs.sqlite3-wal", "secret_key", "diary.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "dump.rdb").write_text("x")
    assert "other files in it were left alone" in reset(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_reset_follows_no_link_out_of_the_folder(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("x")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "media").symlink_to(tmp_path / "elsewhere")
    reset(tmp_path / "data")
    assert (tmp_path / "elsewhere" / "kept").is_file()


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path):
    with DataFolder(tmp_path), pytest.raises(FolderInUseError, match="already runs"), DataFolder(tmp_path):
        pass
    with DataFolder(tmp_path):
        pass


def test_settings_left_for_other_terminals_are_for_the_owner_alone(tmp_path: Path):
    with DataFolder(tmp_path) as folder:
        folder.leave_settings({"SLACK_REVOPS_CHANNEL": "#revops"})
        assert (tmp_path / "demo.env").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "demo.env").read_text() == "SLACK_REVOPS_CHANNEL='#revops'\n"
    assert not (tmp_path / "demo.env").exists()
    assert "demo.env" in CONTENTS


def test_the_banner_says_where_to_look_and_who_can_sign_in(tmp_path: Path):
    text = banner(
        address="http://127.0.0.1:8000",
        stand_ins=[StandIn(name="slack", port=9001, holds="Slack messages")],
        people="Ana Ruiz  ana@northwind.example  open-sesame",
        logs=tmp_path,
    )
    assert "Handoffs runs at http://127.0.0.1:8000\n" in text
    assert "Slack messages that would have been sent: http://127.0.0.1:9001/" in text
    assert "Ana Ruiz  ana@northwind.example  open-sesame" in text


def test_children_that_ignore_being_asked_are_killed_with_all_they_started(tmp_path: Path):
    stubborn = "trap '' TERM; sleep 600 & echo $! > child; wait; sleep 600"
    with Household(grace=0.5) as household:
        household.start("stubborn", ["sh", "-c", stubborn], env=dict(os.environ), cwd=tmp_path)
        deadline = time.monotonic() + 5
        while not ((tmp_path / "child").exists() and (tmp_path / "child").read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        grandchild = psutil.Process(int((tmp_path / "child").read_text()))
    assert still_running([grandchild], seconds=2) == []


@pytest.mark.parametrize(("status", "answered"), [("200 OK", True), ("302 Found", True), ("500 Oops", False)])
def test_a_server_error_is_no_answer_yet(status: str, answered: bool):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def reply() -> None:
            client, _ = server.accept()
            client.recv(1000)
            client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            client.close()

        replying = threading.Thread(target=reply)
        replying.start()
        assert answers(host="127.0.0.1", port=port, path="/") is answered
        replying.join()
    assert not answers(host="127.0.0.1", port=port, path="/"), "nobody listens any more"
