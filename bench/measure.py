"""What growth.py and orders.py share: running aisle, and the machine that it runs on."""
import json
import os
import subprocess
import sys


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_json(command, **options):
    """The last line that a command prints, which is JSON."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **options)
    return json.loads(done.stdout.splitlines()[-1])


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {"processor": models[0] if models else "", "cores": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "load": os.getloadavg()[0]}


def stats(aisle, catalog):
    return run_json([aisle, "stats", catalog, "--json"])


def bench(aisle, catalog, queries, *options):
    """One run of aisle bench over a file of queries."""
    return run_json([aisle, "bench", catalog, "--queries", queries, "--json", *options])


def markdown(head, rows):
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)
