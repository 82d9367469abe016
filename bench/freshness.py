#!/usr/bin/env python3
"""How soon changes are seen, how many a second are taken in, and what searches beside notice of it; Lucene likewise.

    freshness.py AISLE [--items N | --catalog PATH] [--rate R] [--seconds S] [--changes N] [--patches] [--searches Q]
                 [--threads N] [--lucene DIR] [--place DIR] [--json]

`aisle generate` writes changes to a log at R a second (0: all at once, --changes of them: as fast as they are
taken in), each with the moment of its writing, followed by `aisle index --follow`, while `aisle bench` searches at Q a
second in another process; before and behind it, it does so alone (behind it in a catalog of more segments, with dead
and patched products). --patches: only those of prices, stock and sales. --catalog: one that is there, of as many
generated products as it holds, which is CHANGED; else one of --items is made. Printed for each engine: changes a second
from the first to the last one's being visible, freshness (from the moment in the line to the return of the commit, p50
and p99), searches' p50 and p99 alone and beside, and their ratio; for Aisle, to both.

With --lucene, LuceneNrt.java (peers/) does the same in a JVM, refreshing alone and with a durable commit before each
refresh, on the same lines; DIR keeps its libraries, as for peers/run.py (needs --items).

With --rate 0 the freshness says how long the backlog took; to see it at full rate, give a rate (30000) that is kept up
with. What is aimed at: 50 ms p99 at 100 a second; 1 s p99 at 30,000 a second for ten minutes, at ten million products;
100,000 patches a second; searches' p99 beside at most twice that alone.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
QUERIES = 300
IDLE_SECONDS_MAX = 60
AS_FAST_AS_CAN_BE = 1000000000


def call(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, **more).stdout


def feed(options, path):
    """Has the changes written at their rate, each with its moment; all at once for 0."""
    command = [options.aisle, "generate", "--items", str(options.items), "--changes", str(options.changes), "--rate",
               str(options.rate or AS_FAST_AS_CAN_BE)] + ["--patches"] * options.patches
    made = path if options.rate else options.place + ".made"
    with open(made, "wb") as file:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if made != path:
        os.rename(made, path)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def search_load(options, catalog, seconds):
    passes = int(seconds * options.searches / QUERIES) + 2
    command = [options.aisle, "bench", catalog, "--queries", options.queries, "--rate", str(options.searches),
               "--passes", str(passes), "--no-total", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def latencies(process):
    found = json.loads(process.communicate()[0])["kinds"]
    worst = max(found.values(), key=lambda kind: kind["count"])
    return {"p50_ms": worst["p50_us"] / 1000, "p99_ms": worst["p99_us"] / 1000}


def run_aisle(options, place):
    catalog, log = options.catalog, os.path.join(place, "log")
    os.mkdir(log)
    if catalog is None:
        catalog = os.path.join(place, "shop")
        call(options.aisle, "index", catalog, options.products)
    idle = latencies(search_load(options, catalog, min(options.seconds, IDLE_SECONDS_MAX)))
    follower = subprocess.Popen([options.aisle, "index", catalog, log, "--follow", "--json", "--threads",
                                 str(options.threads)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    load = search_load(options, catalog, options.seconds)
    time.sleep(1)
    begun = time.monotonic()
    feeding = feed(options, os.path.join(log, "c.jsonl"))
    while True:
        stats = json.loads(call(options.aisle, "stats", catalog, "--json"))
        if stats["log"]["file"].endswith("c.jsonl") and \
                stats["log"]["offset"] >= os.path.getsize(os.path.join(log, "c.jsonl")) - 1:
            break
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    follower.terminate()
    summary = json.loads(follower.stdout.read().splitlines()[-1])
    usage = os.wait4(follower.pid, 0)[2]
    follower.returncode = 0
    if load.poll() is not None:
        print("freshness.py: the search load ended first: --seconds is too small", file=sys.stderr)
    beside = latencies(load)
    after = latencies(search_load(options, catalog, min(options.seconds, IDLE_SECONDS_MAX)))
    return {"changes": options.changes, "seconds": seconds, "event": summary["event"], "arrival": summary["arrival"],
            "rejects": summary["rejects"], "commits": summary["commits"], "slowest": summary["slowest_commit"],
            "idle": idle, "beside": beside, "after": after,
            "us_a_change": (usage.ru_utime + usage.ru_stime) * 1e6 / options.changes,
            "feeding_us_a_change": feeding * 1e6 / options.changes}


def lucene_command(work):
    sys.path.insert(0, os.path.join(HERE, "peers"))
    import run as peers
    os.makedirs(work, exist_ok=True)
    command = peers.make_lucene(work)
    classes = command[command.index("-cp") + 1]
    subprocess.run([f"{peers.java_home()}/bin/javac", "-d", f"{work}/java/classes", "-cp", classes,
                    os.path.join(HERE, "peers", "LuceneNrt.java")], check=True)
    return command[:-1] + ["LuceneNrt"]


def run_lucene(options, place, command, mode):
    log, index = os.path.join(place, f"{mode}.jsonl"), os.path.join(place, f"index-{mode}")
    open(log, "wb").close()
    process = subprocess.Popen([*command, options.products, log, index, options.queries, str(options.searches),
                                str(max(2, int(options.seconds / 3))), mode, str(options.changes)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if process.stdout.readline().strip() != "ready":
        raise SystemExit("freshness.py: Lucene did not begin")
    feed(options, log)
    figures = json.loads(process.communicate()[0])
    shutil.rmtree(index)
    return figures


def show(name, figures):
    ratio = figures["beside"]["p99_ms"] / max(figures["idle"]["p99_ms"], 1e-6)
    print(f"{name:16} {figures['changes'] / figures['seconds']:10.0f}/s"
          f"  fresh p50 {figures['event']['p50_ms']:8.1f} ms, p99 {figures['event']['p99_ms']:8.1f}"
          f"  search alone p50 {figures['idle']['p50_ms']:6.2f}, p99 {figures['idle']['p99_ms']:6.2f}"
          f"  beside p50 {figures['beside']['p50_ms']:6.2f}, p99 {figures['beside']['p99_ms']:6.2f} ({ratio:.1f}x)"
          + (f"  {figures['us_a_change']:.1f} us a change" if "us_a_change" in figures else ""), flush=True)
    if "after" in figures:
        after = figures["after"]
        ratio = figures["beside"]["p99_ms"] / max(after["p99_ms"], 1e-6)
        print(f"  search alone behind it, in the catalog as it is then: p50 {after['p50_ms']:.2f}, p99"
              f" {after['p99_ms']:.2f} (beside {ratio:.1f}x)", flush=True)
    if "slowest" in figures:
        print("  the slowest commit: " + ", ".join(f"{name} {value}" for name, value in figures["slowest"].items()),
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aisle")
    parser.add_argument("--items", type=int, default=100000)
    parser.add_argument("--catalog")
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--changes", type=int, help="default: rate times seconds, or 200,000")
    parser.add_argument("--patches", action="store_true")
    parser.add_argument("--searches", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lucene")
    parser.add_argument("--place")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.aisle = os.path.abspath(options.aisle)
    place = tempfile.mkdtemp(prefix="freshness-", dir=options.place)
    if options.catalog is not None:
        options.items = json.loads(call(options.aisle, "stats", options.catalog, "--json"))["products"]
    options.changes = options.changes or options.rate * options.seconds or 200000
    options.place = place
    options.queries, options.products = (os.path.join(place, name) for name in ("queries.txt", "products.jsonl"))
    with open(options.queries, "wb") as file:
        file.write(call(options.aisle, "generate", "--items", str(options.items), "--queries", str(QUERIES)))
    if options.catalog is None:
        with open(options.products, "wb") as file:
            file.write(call(options.aisle, "generate", "--items", str(options.items)))
    found = {"aisle": run_aisle(options, place)}
    show("aisle", found["aisle"])
    if options.lucene is not None and options.catalog is None:
        command = lucene_command(options.lucene)
        for mode in ("nrt", "durable"):
            found[f"lucene {mode}"] = run_lucene(options, place, command, mode)
            show(f"lucene {mode}", found[f"lucene {mode}"])
    if options.json:
        print(json.dumps(found))
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
