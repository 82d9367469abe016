#!/usr/bin/env python3
"""All figures of the server at once: overhead, throughput, times at constant rates, PING beside redis-server's.

    serving.py BUILD CATALOG QUERIES [--seconds 5] [--connections 1,8,64,512] [--restart]

BUILD is the folder that aisle was built in, QUERIES a file of texts, one a line (aisle generate --queries).
Starts a server of its own on the catalog and, if it is installed, a redis-server, and prints what README.md here has,
partly as Markdown. With --restart it only tells how long a start takes. Wants a machine with nothing else to do: its
cores are shared by client, server and library.
"""
import argparse
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/server"))
from resp import Client, Server, free_port, temporary  # pylint: disable=wrong-import-position

from measure import machine  # pylint: disable=wrong-import-position

HEAD = "| | connections | rate | p50 us | p99 us | p99.9 us | max us |\n|---|---|---|---|---|---|---|"


def show(*command):
    print(subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True).stdout,
          end="", flush=True)


def start_redis(port):
    """A redis-server that keeps nothing; None when there is none."""
    if shutil.which("redis-server") is None:
        return None
    process = subprocess.Popen(["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"],
                               stdout=subprocess.DEVNULL)
    while True:
        try:
            Client(("127.0.0.1", port)).close()
            return process
        except OSError:
            time.sleep(0.05)


def show_info(client):
    info = dict(line.split(":", 1) for line in client.call("INFO").decode().splitlines() if ":" in line)
    names = ("loop_searches", "loop_searches_given_up", "loop_turns", "loop_turns_over_5ms", "loop_max_usec",
             "loop_max_cpu_usec", "used_memory_peak")
    print(", ".join(f"{name} {info[name]}" for name in names), flush=True)


def show_restart(aisle, catalog):
    """From the start of the process to the first answers, and how many pages it had touched by then."""
    with temporary() as folder:
        start = time.perf_counter()
        with Server(aisle, folder, catalog, "--slow-ms", "0") as server:
            client = server.client()
            client.call("PING")
            ready = time.perf_counter() - start
            with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
                faults = file.read().rsplit(")", 1)[1].split()
            client.call("AISLE.SEARCH", os.path.basename(catalog), "shoes")
            found = time.perf_counter() - start
    print(f"restart: answers PING after {1000 * ready:.0f} ms ({faults[7]} minor, {faults[9]} major faults), "
          f"a search after {1000 * found:.0f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("catalog")
    parser.add_argument("queries")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", default="1,8,64,512")
    parser.add_argument("--restart", action="store_true")
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    catalog = os.path.abspath(arguments.catalog)
    queries = os.path.abspath(arguments.queries)
    bench, rates = (os.path.join(build, "bench", name) for name in ("bench_server", "bench_server_rates"))
    seconds, connections = f"seconds={arguments.seconds}", f"connections={arguments.connections}"
    port, redis_port = free_port(), free_port()
    print(machine(), flush=True)
    show_restart(os.path.join(build, "aisle"), catalog)
    if arguments.restart:
        return 0
    with temporary() as folder, Server(os.path.join(build, "aisle"), folder, catalog, "--listen", f"127.0.0.1:{port}",
                                       "--slow-ms", "0") as server:
        show(bench, catalog, port, queries, "overhead", "throughput=64,8", seconds)
        show_info(server.client())
        print(HEAD, flush=True)
        show(rates, port, os.path.basename(catalog), queries, connections, seconds)
        show(rates, port, "-", "ping", connections, seconds)
        show_info(server.client())
        redis = start_redis(redis_port)
        if redis is not None:
            print("redis-server:\n" + HEAD, flush=True)
            show(rates, redis_port, "-", "ping", connections, seconds)
            redis.terminate()
            redis.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
