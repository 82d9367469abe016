#!/usr/bin/env python3
"""What connections take: resident memory of a server with many idle and some active ones.

    bench_server_idle.py AISLE [--idle 10000] [--active 1000]

Makes a small catalog, starts a server on it, and prints its resident memory alone, with the idle connections (each has
sent one PING), and while the active ones all search at once. Kernel memory of sockets is not in it.
"""
import argparse
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/server"))
from resp import Server, make_catalog, request, temporary  # pylint: disable=wrong-import-position


def resident_kib(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return {line.split(":")[0]: line.split()[1] for line in file if line.startswith(("VmRSS", "RssAnon"))}


def show(what, server):
    memory = resident_kib(server.process)
    print(f"{what:<30} RssAnon {int(memory['RssAnon']) / 1024:8.1f} MiB, VmRSS {int(memory['VmRSS']) / 1024:8.1f} MiB")
    return int(memory["RssAnon"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("--idle", type=int, default=10000)
    parser.add_argument("--active", type=int, default=1000)
    arguments = parser.parse_args()
    count = arguments.idle + arguments.active
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * count + 100)), hard))
    with temporary() as folder:
        aisle = os.path.abspath(arguments.aisle)
        shop = make_catalog(aisle, folder, "shop", 20000)
        with Server(aisle, folder, shop, "--clients", str(count + 10), "--slow-ms", "0") as server:
            first = server.client()
            for _ in range(200):
                first.call("AISLE.SEARCH", "shop", "shoes")
            alone = show("alone", server)
            idle = [server.client() for _ in range(arguments.idle)]
            for client in idle:
                client.call("PING")
            with_idle = show(f"{arguments.idle} idle", server)
            print(f"{(with_idle - alone) * 1024 / max(1, arguments.idle):.0f} bytes an idle connection")
            active = [server.client() for _ in range(arguments.active)]
            for _ in range(3):
                for client in active:
                    client.socket.sendall(request("AISLE.SEARCH", "shop", "shoes", "LIMIT", 0, 100))
                for client in active:
                    client.value()
            show(f"and {arguments.active} that search", server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
