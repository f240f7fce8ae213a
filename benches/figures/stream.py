"""A long result out of PostgreSQL, written as CSV and Parquet, beside psql's COPY and other programs.

    stream.py [--querent BINARY] [--rows 1000000] [--runs 5]

Makes the table `figures_stream.facts` with 8 mixed columns, and drops it at the end. Cancel: the command is stopped
while the server works, and the time is taken until the server has no such statement any more.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from timing import run

ROOT = Path(__file__).parent.parent.parent
SELECT = "SELECT id, customer, placed_on, amount, quantity, ratio, is_paid, note FROM facts"
PSYCOPG = """
import csv, sys, psycopg
with psycopg.connect(sys.argv[1]) as c, c.cursor(name="s") as cur, open(sys.argv[2], "w", newline="") as f:
    cur.itersize = 10000
    cur.execute(sys.argv[3])
    w = csv.writer(f)
    for row in cur: w.writerow(row)
"""
SLOW = "SELECT count(*) FROM facts a, facts b WHERE a.note < b.note"


def make(server, rows):
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS figures_stream")
        admin.execute("CREATE DATABASE figures_stream")
    url = server.rsplit("/", 1)[0] + "/figures_stream"
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "CREATE TABLE facts (id bigint PRIMARY KEY, customer varchar(40) NOT NULL, placed_on timestamp NOT NULL,"
            " amount numeric(12,2) NOT NULL, quantity integer, ratio double precision, is_paid boolean, note text)"
        )
        session.execute(
            "INSERT INTO facts SELECT n, 'customer ' || n % 5000, timestamp '2024-01-01' + n * interval '37 seconds',"
            " (n % 100000) / 100.0, CASE WHEN n % 10 > 0 THEN n % 50 END, n / 7.0::float8, n % 3 = 0,"
            " CASE WHEN n % 4 > 0 THEN 'note, with a comma ' || md5(n::text) END FROM generate_series(1, " + str(rows) + ") n"
        )
        session.execute("VACUUM ANALYZE facts")
    return url


def report(label, measured, floor=None):
    beside = f"  {measured.median / floor.median:6.2f} x" if floor else ""
    print(f"  {label:36}{measured}{beside}", flush=True)


def cancel(querent, url):
    """Seconds from the signal until the server runs nothing of the program any more."""
    command = [querent, "query", "--on", url, SLOW]
    with psycopg.connect(url, autocommit=True) as watch:
        at_work = lambda: watch.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
            " AND pid <> pg_backend_pid() AND query LIKE '%facts%'"
        ).fetchone()[0]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not at_work():
            time.sleep(0.01)
        time.sleep(0.5)
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        while at_work():
            time.sleep(0.005)
        seconds = time.monotonic() - started
        child.wait()
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--querent", type=Path, default=ROOT / "target/release/querent")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    url = make(os.environ["QUERENT_TEST_POSTGRES_URL"], options.rows)
    with tempfile.TemporaryDirectory() as folder:
        out = lambda name: str(Path(folder) / name)
        # a configuration of its own: the caps of results are lifted
        config = Path(folder) / "querent.toml"
        config.write_text(CONFIG)
        base = [str(options.querent), "--config", str(config), "--data-dir", folder, "query", "--on", url, SELECT]
        print(f"{options.rows} rows of 8 columns")
        copy = ["psql", "-X", "-q", url, "-c", f"\\copy ({SELECT}) TO '{out('copy.csv')}' CSV HEADER"]
        floor = run(copy, options.runs)
        report("psql COPY TO STDOUT, CSV", floor)
        for form in ("csv", "parquet", "ndjson", "arrow"):
            report(f"querent, {form}", run(base + ["-o", form, "--out", out("q." + form)], options.runs), floor)
        report("psycopg and csv.writer", run([sys.executable, "-c", PSYCOPG, url, out("p.csv"), SELECT], 2), floor)
        sizes = {p.name: p.stat().st_size for p in Path(folder).iterdir() if p.suffix != ".toml" and p.is_file()}
        print("  bytes:", sizes)
        rows = sum(1 for _ in open(out("q.csv"))) - 1
        if rows != options.rows:
            raise SystemExit(f"querent wrote {rows} rows")
    times = [cancel(str(options.querent), url) for _ in range(3)]
    print("  cancel, until the server is idle:", ", ".join(f"{t:.3f} s" for t in times))
    with psycopg.connect(os.environ["QUERENT_TEST_POSTGRES_URL"], autocommit=True) as admin:
        admin.execute("DROP DATABASE figures_stream WITH (FORCE)")


CONFIG = """
[limits]
rows = 10000000
bytes = 10000000000
seconds = 600
"""

main()
