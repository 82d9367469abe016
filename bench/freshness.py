#!/usr/bin/env python3
"""How soon changes are seen, how many a second are taken in, and what searches beside notice of it; Lucene likewise.

    freshness.py AISLE [--items N | --catalog PATH] [--rate R] [--seconds S] [--changes N] [--patches] [--searches Q]
                 [--threads N] [--lucene DIR] [--place DIR] [--json]

Changes of `aisle generate` are written to a log at R a second (0: all at once, --changes of them: as fast as they are
taken in), each with the moment of its writing, followed by `aisle index --follow`, while `aisle bench` searches at Q a
second in another process; before, it does so alone. --patches: only those of prices, stock and sales. --catalog: one
that is there, of as many generated products as it holds, which is CHANGED; else one of --items is made. Printed for
each engine: changes a second from the first to the last one's being visible, freshness (from the moment in the line to
the return of the commit, p50 and p99), searches' p50 and p99 alone and beside, and their ratio.

With --lucene, LuceneNrt.java (peers/) does the same in a JVM, refreshing alone and with a durable commit before each
refresh, on the same lines; DIR keeps its libraries, as for peers/run.py (needs --items).

With --rate 0 the freshness says how long the backlog took; to see it at full rate, give a rate (30000) that is kept up
with. What is aimed at: 50 ms p99 at 100 a second; 1 s p99 at 30,000 a second for ten minutes, at ten million products;
100,000 patches a second; searches' p99 beside at most twice that alone.
"""
import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TIME = re.compile(rb'"time":"[^"]*"')
STEP_S = 0.005
QUERIES = 300


def call(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, **more).stdout


def stamp():
    now = datetime.datetime.now(datetime.timezone.utc)
    return b'"time":"' + now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].encode() + b'Z"'


def feed(lines, rate, path):
    """Writes the lines at their rate; all at once for 0."""
    begun, sent = time.monotonic(), 0
    with open(path, "ab", buffering=0) as file:
        while sent < len(lines):
            due = len(lines) if rate == 0 else min(len(lines), int((time.monotonic() - begun) * rate) + 1)
            while sent < due:
                part = lines[sent:min(due, sent + 2000)]
                moment = stamp()
                file.write(b"".join(TIME.sub(moment, line, 1) for line in part))
                sent += len(part)
            time.sleep(STEP_S)


def search_load(options, catalog, seconds):
    passes = int(seconds * options.searches / QUERIES) + 2
    command = [options.aisle, "bench", catalog, "--queries", options.queries, "--rate", str(options.searches),
               "--passes", str(passes), "--no-total", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def latencies(process):
    found = json.loads(process.communicate()[0])["kinds"]
    worst = max(found.values(), key=lambda kind: kind["count"])
    return {"p50_ms": worst["p50_us"] / 1000, "p99_ms": worst["p99_us"] / 1000}


def run_aisle(options, place, lines):
    catalog, log = options.catalog, os.path.join(place, "log")
    os.mkdir(log)
    if catalog is None:
        catalog = os.path.join(place, "shop")
        call(options.aisle, "index", catalog, options.products)
    idle = latencies(search_load(options, catalog, options.seconds))
    follower = subprocess.Popen([options.aisle, "index", catalog, log, "--follow", "--json", "--threads",
                                 str(options.threads)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    load = search_load(options, catalog, options.seconds)
    time.sleep(1)
    begun = time.monotonic()
    feed(lines, options.rate, os.path.join(log, "c.jsonl"))
    while True:
        stats = json.loads(call(options.aisle, "stats", catalog, "--json"))
        if stats["log"]["file"].endswith("c.jsonl") and \
                stats["log"]["offset"] >= os.path.getsize(os.path.join(log, "c.jsonl")) - 1:
            break
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    follower.terminate()
    summary = json.loads(follower.communicate()[0].splitlines()[-1])
    if load.poll() is not None:
        print("freshness.py: the search load ended first: --seconds is too small", file=sys.stderr)
    load_figures = latencies(load)
    return {"changes": len(lines), "seconds": seconds, "event": summary["event"], "arrival": summary["arrival"],
            "rejects": summary["rejects"], "idle": idle, "beside": load_figures}


def lucene_command(work):
    sys.path.insert(0, os.path.join(HERE, "peers"))
    import run as peers
    os.makedirs(work, exist_ok=True)
    command = peers.make_lucene(work)
    classes = command[command.index("-cp") + 1]
    subprocess.run([f"{peers.java_home()}/bin/javac", "-d", f"{work}/java/classes", "-cp", classes,
                    os.path.join(HERE, "peers", "LuceneNrt.java")], check=True)
    return command[:-1] + ["LuceneNrt"]


def run_lucene(options, place, lines, command, mode):
    log, index = os.path.join(place, f"{mode}.jsonl"), os.path.join(place, f"index-{mode}")
    open(log, "wb").close()
    process = subprocess.Popen([*command, options.products, log, index, options.queries, str(options.searches),
                                str(max(2, int(options.seconds / 3))), mode, str(len(lines))],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if process.stdout.readline().strip() != "ready":
        raise SystemExit("freshness.py: Lucene did not begin")
    feed(lines, options.rate, log)
    figures = json.loads(process.communicate()[0])
    shutil.rmtree(index)
    return figures


def show(name, figures):
    ratio = figures["beside"]["p99_ms"] / max(figures["idle"]["p99_ms"], 1e-6)
    print(f"{name:16} {figures['changes'] / figures['seconds']:10.0f}/s"
          f"  fresh p50 {figures['event']['p50_ms']:8.1f} ms, p99 {figures['event']['p99_ms']:8.1f}"
          f"  search alone p50 {figures['idle']['p50_ms']:6.2f}, p99 {figures['idle']['p99_ms']:6.2f}"
          f"  beside p50 {figures['beside']['p50_ms']:6.2f}, p99 {figures['beside']['p99_ms']:6.2f} ({ratio:.1f}x)",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aisle")
    parser.add_argument("--items", type=int, default=100000)
    parser.add_argument("--catalog")
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=20)
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
    changes = options.changes or int(options.rate * options.seconds) or 200000
    made = call(options.aisle, "generate", "--items", str(options.items), "--changes",
                str(changes * 3 // 2 if options.patches else changes))
    lines = [line for line in made.splitlines(keepends=True) if not options.patches or b'"op":"patch"' in line[:12]]
    lines = lines[:changes]
    options.queries, options.products = (os.path.join(place, name) for name in ("queries.txt", "products.jsonl"))
    with open(options.queries, "wb") as file:
        file.write(call(options.aisle, "generate", "--items", str(options.items), "--queries", str(QUERIES)))
    if options.catalog is None:
        with open(options.products, "wb") as file:
            file.write(call(options.aisle, "generate", "--items", str(options.items)))
    found = {"aisle": run_aisle(options, place, lines)}
    show("aisle", found["aisle"])
    if options.lucene is not None and options.catalog is None:
        command = lucene_command(options.lucene)
        for mode in ("nrt", "durable"):
            found[f"lucene {mode}"] = run_lucene(options, place, lines, command, mode)
            show(f"lucene {mode}", found[f"lucene {mode}"])
    if options.json:
        print(json.dumps(found))
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
