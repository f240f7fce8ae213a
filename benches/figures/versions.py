"""One changed column among many tables: what the version stores, and how long diff and impact take.

    versions.py [--querent BINARY] [--example BINARY] [--tables 10000] [--runs 5]

Needs `cargo build --release --bin querent --example versions`. The example makes the store (a schema of N tables of 12
columns, 500 queries, 100 glossary terms, 100 evaluation cases, two versions); whole processes and whole requests are then
measured on it. Twice: with a SQLite store, and with one in a database `figures_versions` of the test server, which is
dropped at the end.
"""

import argparse
import os
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from timing import run

ROOT = Path(__file__).parent.parent.parent


def report(label, measured):
    print(f"  {label:44}{measured}", flush=True)


def requests(base, times):
    """Seconds of each of some requests for the impact of the latest version, on a daemon of its own."""
    daemon = subprocess.Popen(base + ["serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        link = next(line for line in daemon.stdout if "#token=" in line).split()[-1]
        address, token = link.split("/docs#token=")

        def get(path):
            request = urllib.request.Request(address + path, headers={"Authorization": f"Bearer {token}"})
            return urllib.request.urlopen(request).read()

        listed = get("/api/v1/connections").decode()
        connection = listed.split('"id":"')[1].split('"')[0]
        seconds = []
        for _ in range(times):
            started = time.monotonic()
            get(f"/api/v1/connections/{connection}/impact")
            seconds.append(time.monotonic() - started)
        return sorted(seconds)
    finally:
        daemon.terminate()
        daemon.wait()


def measure(options, store, base):
    subprocess.run([str(options.example), str(options.tables), store], check=True)
    base = [str(options.querent)] + base
    diff = base + ["diff", "--on", "large"]
    report("querent diff", run(diff, options.runs))
    report("querent diff --impact", run(diff + ["--impact"], options.runs))
    gate = ["sh", "-c", '"$@"; test $? = 4', "gate"] + diff + ["--fail-on-impact"]
    report("querent diff --fail-on-impact (exit code 4)", run(gate, options.runs))
    seconds = requests(base, options.runs)
    print(f"  {'GET .../impact, the first the slowest':44}{seconds[len(seconds) // 2]:8.3f} s ({seconds[0]:.3f} to {seconds[-1]:.3f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--querent", type=Path, default=ROOT / "target/release/querent")
    parser.add_argument("--example", type=Path, default=ROOT / "target/release/examples/versions")
    parser.add_argument("--tables", type=int, default=10000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options, folder, ["--data-dir", folder])
    server = os.environ["QUERENT_TEST_POSTGRES_URL"]
    admin = lambda sql: subprocess.run(["psql", "-X", "-q", server, "-c", sql], check=True, stderr=subprocess.DEVNULL)
    admin("DROP DATABASE IF EXISTS figures_versions")
    admin("CREATE DATABASE figures_versions")
    url = server.rsplit("/", 1)[0] + "/figures_versions"
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["DATABASE_URL"] = url
            measure(options, url, ["--data-dir", folder])
    finally:
        admin("DROP DATABASE IF EXISTS figures_versions")


if __name__ == "__main__":
    main()
