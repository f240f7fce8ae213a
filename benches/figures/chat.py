"""Chat messages a second against a scripted model, the daemon beside a FastAPI and asyncpg service of the same shape.

    chat.py [--querent BINARY] [--load BINARY] [--rate 500] [--seconds 60] [--streams 200] [--store postgres,sqlite] [--beside]

Everything runs on this machine: PostgreSQL (the store and the database that is asked), the model, the load, the daemon.
Latency is counted from the moment at which a message was due to the whole answer, the model's part in it. The model's own
time is what an answer of it takes alone, and is printed beside. Memory is the process' resident set, every five seconds.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import psycopg

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CHATS = 400


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database(server, name):
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
    url = server.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("CREATE EXTENSION IF NOT EXISTS vector")
    return url


def source(server):
    url = database(server, "figures_chat_source")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, country text NOT NULL)")
        session.execute(
            "CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, placed_on date NOT NULL,"
            " total numeric(10,2) NOT NULL)"
        )
        session.execute("INSERT INTO customers SELECT n, 'customer ' || n, 'Norway' FROM generate_series(0, 499) n")
        session.execute("INSERT INTO orders SELECT n, n % 500, date '2024-01-01' + n % 700, n % 97 FROM generate_series(1, 10000) n")
        session.execute("CREATE INDEX ON orders (customer_id)")
        session.execute("VACUUM ANALYZE")
    return url


def call(base, token, path, body):
    request = urllib.request.Request(
        base + path, json.dumps(body).encode(), {"authorization": f"Bearer {token}", "content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def children(pid):
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += children(int(child))
    return found


def resident(pid):
    return sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in children(pid)) * os.sysconf("SC_PAGE_SIZE") / 1e6


def seconds_of(pid):
    total = 0
    for p in children(pid):
        fields = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def measure(name, process, base, token, connection, options):
    print(name, flush=True)
    memory, stop = [], threading.Event()

    def watch():
        while not stop.wait(5):
            memory.append(resident(process.pid))

    before, started = seconds_of(process.pid), time.monotonic()
    watcher = threading.Thread(target=watch)
    watcher.start()
    subprocess.run(
        [str(options.load), base, token, connection, str(options.rate), str(options.seconds), str(CHATS), str(options.streams)], check=True
    )
    stop.set()
    watcher.join()
    used, took = seconds_of(process.pid) - before, time.monotonic() - started
    print(f"  processors used by the service: {used / took:.2f} of {os.cpu_count()}; resident MB:", *(f"{m:.0f}" for m in memory), flush=True)


def querent(options, server, asked, model, store):
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = Path(folder) / "querent.toml"
        config.write_text(CONFIG.format(port=port, model=model))
        environment = {**os.environ, "DATABASE_URL": database(server, "figures_chat_store") if store == "postgres" else ""}
        command = [str(options.querent), "--config", str(config), "--data-dir", folder]
        subprocess.run([*command, "connection", "add", "shop", asked], check=True, env=environment, stdout=subprocess.DEVNULL)
        subprocess.run([*command, "crawl", "--on", "shop"], check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process = subprocess.Popen([*command, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        base = f"http://127.0.0.1:{port}"
        wait(base + "/readyz")
        token = (Path(folder) / "owner.token").read_text().strip()
        request = urllib.request.Request(base + "/api/v1/connections", headers={"authorization": f"Bearer {token}"})
        connection = json.load(urllib.request.urlopen(request))["items"][0]["id"]
        measure(f"querent, store in {store}", process, base, token, connection, options)
        process.send_signal(signal.SIGTERM)
        process.wait()


def fastapi(options, server, asked, model):
    port = free_port()
    token = "figures"
    environment = {**os.environ, "STORE": database(server, "figures_chat_beside"), "SOURCE": asked, "MODEL": model, "TOKEN": token}
    command = [sys.executable, "-m", "uvicorn", "chat_service:app", "--port", str(port), "--workers", str(os.cpu_count()), "--no-access-log",
               "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"]
    process = subprocess.Popen(command, env=environment, cwd=HERE)
    wait(f"http://127.0.0.1:{port}/openapi.json")
    measure("FastAPI and asyncpg", process, f"http://127.0.0.1:{port}", token, "shop", options)
    process.send_signal(signal.SIGTERM)
    process.wait()


def wait(url):
    for _ in range(600):
        try:
            return urllib.request.urlopen(url, timeout=1).read()
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer")


def alone(model):
    """Milliseconds that an answer of the model takes by itself."""
    body = json.dumps({"model": "scripted", "messages": [{"role": "user", "content": "orders of customer 1"}]}).encode()
    times = []
    for _ in range(200):
        started = time.perf_counter()
        urllib.request.urlopen(urllib.request.Request(model + "/chat/completions", body, {"content-type": "application/json"})).read()
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)[100]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--querent", type=Path, default=ROOT / "target/release/querent")
    parser.add_argument("--load", type=Path, default=ROOT / "target/release/examples/chat_load")
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--store", default="postgres,sqlite")
    parser.add_argument("--beside", action="store_true", help="measure the FastAPI service, too")
    options = parser.parse_args()
    server = os.environ["QUERENT_TEST_POSTGRES_URL"]
    asked = source(server)
    port = free_port()
    # streams are held for as long as the load lasts
    model = subprocess.Popen([sys.executable, HERE / "chat_model.py", str(port), str(options.seconds + 10)], stdout=subprocess.PIPE)
    model.stdout.readline()
    address = f"http://127.0.0.1:{port}"
    print(f"{options.rate} messages a second for {options.seconds} s, {options.streams} streams open; the model alone: {alone(address):.2f} ms")
    try:
        for store in filter(None, options.store.split(",")):
            querent(options, server, asked, address, store)
        if options.beside:
            fastapi(options, server, asked, address)
    finally:
        model.terminate()


CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[model]
provider = "openai"
name = "scripted"
base_url = "{model}"
api_key = "none"
timeout = 300
concurrency = 1024
[limits]
executions = 16
waiting = 4096
"""

main()
