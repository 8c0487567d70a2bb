"""``make store``: start the stand-in store on loopback, load images, say how to reach it, stop cleanly. TEST ONLY.

usage: run_store.py [--data DIR] [--state DIR] [--ready FILE] [--access-token-s N] [--check]

Real Orthanc with DICOMweb behind real nginx, the real oidc-provider, and the facade. Everything it writes lies in the
state folder. ``--check`` only says what is missing (exit status 3).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from certificates import new_authority, write_authority, write_signed
from facade import Doorman, Facade
from server_settings import Ports, nginx_settings, orthanc_settings
from tokens import TokenReader

HERE = Path(__file__).resolve().parent
AUDIENCE = "urn:diptych:stand-in-store"
CLIENT_ID = "diptych"
_START_S = 60.0
_MISSING = 3


def missing() -> list[str]:
    """Return what the stand-in needs and this machine lacks, by the name of its package."""
    needed = {"Orthanc": "orthanc", "nginx": "nginx", "node": "nodejs"}
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    lacking = [package for program, package in needed.items() if shutil.which(program, path=path) is None]
    folders = ("/usr/share/orthanc/plugins", "/usr/lib/orthanc")
    if not any(list(Path(folder).glob("libOrthancDicomWeb.so*")) for folder in folders):
        lacking.append("orthanc-dicomweb")
    if not (HERE / "node_modules" / "oidc-provider").is_dir():
        lacking.append("oidc-provider (make store-setup)")
    return lacking


class StandIn:
    """The four servers of one run."""

    def __init__(self, state: Path, access_token_s: int) -> None:
        self.state = state
        self.access_token_s = access_token_s
        self.ports = Ports(*_free_ports(6))
        self.store_url = f"https://127.0.0.1:{self.ports.store}"
        self.issuer = f"https://127.0.0.1:{self.ports.issuer}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._facade: Facade | None = None
        self._logs = (state / "servers.log").open("wb")

    def start(self) -> None:
        """Write certificates and settings, start everything, wait until it answers. Raises ``RuntimeError``."""
        state = self.state
        (state / "orthanc").mkdir(exist_ok=True)
        authority = new_authority()
        write_authority(authority, state / "authority.pem")
        write_signed(authority, "stand-in store", state / "server.pem", state / "server-key.pem", for_server=True)
        for location in ("LOC-1", "LOC-2"):
            write_signed(
                authority, location, state / f"{location}.pem", state / f"{location}-key.pem", for_server=False
            )
        people = json.loads((HERE / "people.json").read_text(encoding="utf-8"))
        (state / "orthanc.json").write_text(orthanc_settings(state, self.ports), encoding="utf-8")
        (state / "nginx.conf").write_text(nginx_settings(state, self.ports), encoding="utf-8")
        (state / "sign-in.json").write_text(json.dumps(self._sign_in_settings(people)), encoding="utf-8")
        self._spawn(["Orthanc", str(state / "orthanc.json")])
        self._spawn(["node", "--no-warnings", str(HERE / "sign_in.mjs"), str(state / "sign-in.json")])
        tokens = TokenReader(f"http://127.0.0.1:{self.ports.sign_in}/jwks", self.issuer, AUDIENCE)
        self._facade = Facade(self.ports.facade, self.ports.orthanc, Doorman(people, tokens), state)
        threading.Thread(target=self._facade.serve_forever, name="facade", daemon=True).start()
        self._spawn(["nginx", "-c", str(state / "nginx.conf"), "-p", str(state), "-e", str(state / "nginx-error.log"),
                     "-g", "daemon off;"])  # fmt: skip
        for port in (self.ports.orthanc, self.ports.sign_in, self.ports.store, self.ports.issuer):
            self._wait_for(port)

    def _sign_in_settings(self, people: dict[str, object]) -> dict[str, object]:
        return {
            "port": self.ports.sign_in,
            "issuer": self.issuer,
            "audience": AUDIENCE,
            "client_id": CLIENT_ID,
            "access_token_s": self.access_token_s,
            "cookie_key": secrets.token_hex(16),
            "people": people,
        }

    def _spawn(self, command: list[str]) -> None:
        environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"}
        self._processes.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._logs, stderr=self._logs, env=environment)
        )

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in self._processes):
                raise RuntimeError(f"a server ended at once: see {self.state / 'servers.log'}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"nothing answers on port {port}: see {self.state / 'servers.log'}")

    def load(self, folder: Path) -> int:
        """Send every file of a folder to Orthanc; return how many it took as DICOM."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        with ThreadPoolExecutor(4) as senders:
            return sum(senders.map(self._send, files))

    def _send(self, path: Path) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.orthanc, timeout=120)
        try:
            connection.request("POST", "/instances", path.read_bytes(), {"Content-Type": "application/dicom"})
            answer = connection.getresponse()
            answer.read()
            return int(answer.status == 200)
        finally:
            connection.close()

    def facts(self, loaded: int) -> dict[str, object]:
        """Return what a client needs to know."""
        state = self.state
        return {
            "url": self.store_url,
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "audience": AUDIENCE,
            "authority": str(state / "authority.pem"),
            "certificate": str(state / "LOC-1.pem"),
            "key": str(state / "LOC-1-key.pem"),
            "other_certificate": str(state / "LOC-2.pem"),
            "other_key": str(state / "LOC-2-key.pem"),
            "control": f"http://127.0.0.1:{self.ports.facade}/control",
            "orthanc": f"http://127.0.0.1:{self.ports.orthanc}",
            "dimse_port": self.ports.dimse,
            "instances": loaded,
        }

    def stop(self) -> None:
        """End all servers, in the reverse order."""
        if self._facade is not None:
            self._facade.shutdown()
            self._facade.server_close()
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._logs.close()


def _free_ports(count: int) -> list[int]:
    """Ports nobody uses now; held together so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _demo_data(folder: Path) -> Path:
    root = HERE.parents[1]
    if not folder.is_dir():
        command = [sys.executable, "main.py", "demo", "--out", str(folder), "--size", "small", "--json", os.devnull]
        subprocess.run(command, cwd=root, check=True)
    return folder


def _instructions(facts: dict[str, object]) -> str:
    return f"""
The stand-in store is up (TEST ONLY, fictitious people). In another terminal:

  .venv/bin/python main.py store add stand-in --url {facts["url"]} --issuer {facts["issuer"]} \\
      --authority {facts["authority"]} --certificate {facts["certificate"]} --key {facts["key"]}
  .venv/bin/python main.py store login stand-in     # user: doctor, code: 000000

Ctrl-C stops it and removes what it wrote.
"""


def main() -> int:
    """Run until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of DICOM files; without it the demo patient")
    parser.add_argument("--state", type=Path, help="folder for everything that is written; removed at the end")
    parser.add_argument("--ready", type=Path, help="write what a client needs to know here, as JSON, once all is up")
    parser.add_argument("--access-token-s", type=int, default=300)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    lacking = missing()
    if lacking:
        print(f"store: missing: {', '.join(lacking)}", file=sys.stderr)
        return _MISSING
    if options.check:
        return 0
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    state = options.state or Path(tempfile.mkdtemp(prefix="diptych-store-"))
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    stand_in = StandIn(state, options.access_token_s)
    try:
        stand_in.start()
        loaded = stand_in.load(options.data or _demo_data(HERE.parents[1] / "build" / "demo-small"))
        facts = stand_in.facts(loaded)
        if options.ready:
            partial = options.ready.with_suffix(".part")
            partial.write_text(json.dumps(facts), encoding="utf-8")
            partial.replace(options.ready)
        print(_instructions(facts), flush=True)
        ended.wait()
    finally:
        stand_in.stop()
        shutil.rmtree(state, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
