"""`serve` on real sockets."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from dashboard import serve
from dashboard.serving import hosts_of, is_loopback, listen, url_of
from harness.errors import ExitCode, UsageError
from harness.store import open_store
from tests.dashboard_sample import fill

ROOT = Path(__file__).parents[2]
SCRIPT = "import sys\nfrom dashboard import serve\nfrom harness.store import open_store\nserve(open_store(sys.argv[1]), port=0, host=sys.argv[2])\n"


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_serve_answers_until_it_is_interrupted(tmp_path: Path, host: str, *, warned: bool) -> None:
    place = str(tmp_path / "store.sqlite")
    store = open_store(place)
    fill(store)
    store.close()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, place, host], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stderr
        line = process.stderr.readline()
        if warned:
            assert "pages have no login" in line
            line = process.stderr.readline()
        assert line.startswith("Dashboard: http://127.0.0.1:")
        url = line.split()[1]
        answer = httpx.get(url, timeout=30, trust_env=False)
        assert "42 divergent tests" in answer.text
        assert "server" not in answer.headers
        assert httpx.get(url, headers={"Host": "evil.example"}, timeout=30, trust_env=False).status_code == 421
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def test_a_port_in_use_is_a_usage_error_that_says_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(UsageError) as caught:
        serve(None, port=taken.getsockname()[1])  # type: ignore[arg-type] # never reached
    assert "in use" in caught.value.found
    assert caught.value.hint
    assert "--port" in caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("127.0.0.1", -1), ("no such host", 0), ("192.0.2.1", 0)])
def test_a_host_or_port_that_cannot_be_had_is_a_usage_error(host: str, port: int) -> None:
    with pytest.raises(UsageError) as caught:
        listen(host, port)
    assert caught.value.hint
    assert caught.value.where == f"{host}:{port}"


def test_the_address_to_open_is_one_of_this_machine() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert url_of(listener, "0.0.0.0") == f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert url_of(listener, "::").startswith("http://[::1]:")
        assert url_of(listener, "localhost").startswith("http://localhost:")


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("", False), ("shadow", False)]
)
def test_loopback_is_told_apart(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_beyond_the_loopback_addresses_and_this_machines_name_are_answered() -> None:
    hosts = hosts_of("0.0.0.0", ["Shadow.Internal"])
    assert hosts.allow("10.0.0.7:8765")
    assert hosts.allow("shadow.internal")
    assert hosts.allow(f"{socket.gethostname()}:8765")
    assert not hosts.allow("evil.example")
    assert not hosts_of("127.0.0.1", []).allow("10.0.0.7")
