#!/usr/bin/env python3
"""Measures how building and searching grow with the number of products.

    bench/growth.py AISLE [--items 100000,1000000,10000000] [--place DIR] [--json FILE]
    bench/growth.py AISLE --items 100000000 --memory 2G --json FILE      adds to what the file holds

For each number: `aisle generate | aisle index` (from a file with --file; then `aisle compact` with --compact), its
rate, memory and file sampled while it runs; then `aisle bench` over queries drawn from the catalog and the generator's
query log: warm and cold, one thread and two, top 10 without and with totals, with products. Whatever is done is in the
JSON file at once and not done again: a catalog that is there is not built, a run that was measured is not repeated,
unless --again says so. Prints tables in Markdown at the end, growth from each number of products to the next.
"""
import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import threading
import time

from measure import bench, machine, markdown, run_json, say, stats

# What an engine without typos, readings of the text and signals does: the ranking of the text alone.
PLAIN = ["--no-typos", "--no-understanding", "--weights", "sales:0,rating:0,updated:0,in_stock:0"]
RUNS = {  # name: (title, options of aisle bench)
    "top1": ("top 10, one thread, warm", ["--no-total"]),
    "top1_best": ("top 10, one thread, warm, each query's best pass", ["--no-total", "--best", "--passes", "5"]),
    "plain1": ("top 10 by text alone, words as typed, one thread, warm", ["--no-total", *PLAIN]),
    "plain_total1": ("the same with total", PLAIN),
    "top2": ("top 10, two threads, warm", ["--no-total", "--threads", "2"]),
    "total1": ("top 10 with total, one thread, warm", []),
    "total1_best": ("top 10 with total, one thread, warm, each query's best pass", ["--best", "--passes", "5"]),
    "products1": ("top 10 with products, one thread, warm", ["--no-total", "--products"]),
    "cold1": ("top 10, one thread, cold", ["--no-total", "--cold"]),
    "cold2": ("top 10, two threads, cold", ["--no-total", "--cold", "--threads", "2"]),
}
SAMPLE_S = 0.2


# ---- building ----

def used_bytes(path):
    """Of the disk; holes do not count."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def memory_of(pid):
    """{"RssAnon": bytes, "VmRSS": bytes}, empty once the process is over."""
    try:
        with open(f"/proc/{pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        return {key: int(lines[key].split()[0]) * 1024 for key in ("RssAnon", "VmRSS")}
    except (OSError, KeyError, ValueError):
        return {}


class Sampler(threading.Thread):
    """The most that a process and a catalog take, looked at while they change."""

    def __init__(self, pid, catalog):
        super().__init__(daemon=True)
        self.pid, self.catalog, self.over = pid, catalog, threading.Event()
        self.most = {"RssAnon": 0, "VmRSS": 0, "file": 0}

    def run(self):
        while not self.over.wait(SAMPLE_S):
            now = memory_of(self.pid) | {"file": used_bytes(self.catalog)}
            self.most = {key: max(value, now.get(key, 0)) for key, value in self.most.items()}

    def stop(self):
        self.over.set()
        self.join()
        return self.most


def processor_seconds():
    """Of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sampled(command, catalog, **options):
    """Runs a command: its seconds, by the clock and of processors, and the most it took."""
    start, before = time.monotonic(), processor_seconds()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    sampler = Sampler(process.pid, catalog)
    sampler.start()
    status = process.wait()
    seconds = time.monotonic() - start
    most = sampler.stop()
    if status != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {status}")
    return {"seconds": seconds, "processor_seconds": processor_seconds() - before,
            "anonymous_bytes": most["RssAnon"], "resident_bytes": most["VmRSS"],
            "file_most_bytes": most["file"], "file_bytes": used_bytes(catalog)}


def build(arguments, items, catalog):
    """Index from a pipe, or from a file that is made first."""
    shutil.rmtree(catalog, ignore_errors=True)
    subprocess.run([arguments.aisle, "create", catalog], check=True, stdout=subprocess.DEVNULL)
    generate = [arguments.aisle, "generate", "--items", str(items)]
    index = [arguments.aisle, "index", catalog]
    options = ["--memory", arguments.memory] if arguments.memory else []
    options += ["--threads", str(arguments.threads)] if arguments.threads else []
    if arguments.file:
        lines = f"{arguments.place}/products-{items}.jsonl"
        if not os.path.exists(lines):
            with open(lines + ".part", "wb") as file:
                subprocess.run(generate, check=True, stdout=file)
            os.rename(lines + ".part", lines)
        built = sampled([*index, lines, *options], catalog)
    else:
        source = subprocess.Popen(generate, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            built = sampled([*index, "-", *options], catalog, stdin=source.stdout)
        finally:
            source.kill()
            source.wait()
    built |= {"rate": items / built["seconds"], "from": "a file" if arguments.file else "a pipe",
              "options": options, "stats": stats(arguments.aisle, catalog)}
    if arguments.compact:
        say(f"{items:,}: built at {built['rate']:,.0f} products/s; compacting")
        built["compact"] = sampled([arguments.aisle, "compact", catalog], catalog)
        built["compact"]["stats"] = stats(arguments.aisle, catalog)
    return built


# ---- searching ----

def make_queries(arguments, items, catalog, path):
    drawn = subprocess.check_output([arguments.aisle, "bench", catalog, "--draw", str(arguments.draw), "--print"],
                                    text=True).splitlines()
    log = subprocess.check_output([arguments.aisle, "generate", "--items", str(items), "--queries",
                                   str(5 * arguments.draw)], text=True, stderr=subprocess.DEVNULL).splitlines()
    lines = drawn + [f"log\t{line}" for line in log]
    random.Random(1).shuffle(lines)
    with open(path + ".part", "w") as file:
        file.writelines(line + "\n" for line in lines)
    os.rename(path + ".part", path)


def measure(arguments, items, found, keep):
    """Fills found, which keep() writes down after every step."""
    catalog, queries = f"{arguments.place}/growth-{items}", f"{arguments.place}/growth-{items}.queries"
    if arguments.again == "no" and "build" in found and all(name in found for name in RUNS):
        say(f"{items:,}: measured already")
        return
    if arguments.again == "build" or "build" not in found or not os.path.exists(catalog):
        say(f"{items:,}: building")
        found.clear()
        found.update({"machine": machine(), "build": build(arguments, items, catalog)})
        keep()
        if os.path.exists(queries):
            os.remove(queries)
    say(f"{items:,}: {found['build']['rate']:,.0f} products/s, {found['build']['file_bytes'] / 1e9:.2f} GB")
    if not os.path.exists(queries):
        say(f"{items:,}: drawing queries")
        make_queries(arguments, items, catalog, queries)
    for name, (title, options) in RUNS.items():
        if name in found and arguments.again == "no":
            continue
        say(f"{items:,}: {title}")
        found[name] = bench(arguments.aisle, catalog, queries, *options)
        found[name]["load"] = os.getloadavg()[0]
        keep()
    if arguments.drop:
        shutil.rmtree(catalog)


# ---- tables ----

def grown(values):
    """By what each became the next."""
    return ", ".join(f"{b / a:.2f}x" if a else "-" for a, b in zip(values, values[1:]))


def print_build(scales):
    def row(title, value, form="{:,.1f}"):
        values = [value(f["build"]) for f in scales.values()]
        return [title, *(form.format(v) for v in values), grown(values)]

    def part(name):
        return lambda b: b.get("compact", b)["stats"][f"{name}_bytes"] / b["stats"]["products"]

    products = {f["build"]["stats"]["products"] for f in scales.values()}
    rows = [row("products/s", lambda b: b["rate"], "{:,.0f}"), row("seconds", lambda b: b["seconds"]),
            row("processors' time a product, us",
                lambda b: 1e6 * b["processor_seconds"] / b["stats"]["products"] if "processor_seconds" in b else 0),
            row("memory, anonymous at most, MB", lambda b: b["anonymous_bytes"] / 1e6),
            row("memory, resident with mapped file at most, MB", lambda b: b["resident_bytes"] / 1e6),
            row("file at its largest, GB", lambda b: b["file_most_bytes"] / 1e9, "{:.3f}"),
            row("file, GB", lambda b: b["file_bytes"] / 1e9, "{:.3f}"),
            row("file, bytes a product", lambda b: b["file_bytes"] / b["stats"]["products"]),
            row("segments", lambda b: b["stats"]["segments"], "{}"),
            row("postings a product", lambda b: b["stats"]["postings"] / b["stats"]["products"])]
    rows += [row(f"{name}, bytes a product", part(name))
             for name in ("postings", "positions", "terms", "columns", "ids", "order", "documents")]
    if all("compact" in f["build"] for f in scales.values()):
        rows += [row("compacted: seconds", lambda b: b["compact"]["seconds"]),
                 row("compacted: file at its largest, GB", lambda b: b["compact"]["file_most_bytes"] / 1e9, "{:.3f}"),
                 row("compacted: file, GB", lambda b: b["compact"]["file_bytes"] / 1e9, "{:.3f}"),
                 row("compacted: memory, anonymous at most, MB", lambda b: b["compact"]["anonymous_bytes"] / 1e6)]
    values = [f["cold1"]["open_seconds"] * 1000 for f in scales.values() if "cold1" in f]
    if len(values) == len(scales):
        rows.append(["open, cold, ms", *(f"{v:.2f}" for v in values), grown(values)])
    for name, (title, _) in RUNS.items():
        values = [f[name]["queries_per_second"] for f in scales.values() if name in f]
        if len(values) == len(scales):
            rows.append([f"queries/s: {title}", *(f"{v:,.0f}" for v in values), grown(values)])
    markdown(["built", *(f"{n:,}" for n in sorted(products)), "growth"], rows)


def print_runs(scales):
    for name, (title, _) in RUNS.items():
        have = {items: f[name] for items, f in scales.items() if name in f}
        if not have:
            continue
        rows = []
        for kind in sorted({kind for f in have.values() for kind in f["kinds"]}) + ["all"]:
            cells = [(f["kinds"] | {"all": f["all"]}).get(kind) for f in have.values()]
            pairs = [(a, b) for a, b in zip(cells, cells[1:]) if a and b]
            grow = [" / ".join(f"{b[p] / a[p]:.2f}x" for p in ("p50_us", "p99_us", "mean_us")) for a, b in pairs]
            rows.append([kind, *(f"{c['p50_us']:.0f} / {c['p99_us']:.0f} / {c['mean_us']:.0f}" if c else ""
                                 for c in cells), ", ".join(grow)])
        markdown([f"{title}: p50 / p99 / mean, us", *(f"{n:,}" for n in have), "growth"], rows)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("aisle", help="the program")
    parser.add_argument("--items", default="100000,1000000,10000000", help="numbers of products, with commas between")
    parser.add_argument("--place", default="/var/tmp/aisle-growth", help="for catalogs, which stay and are used again")
    parser.add_argument("--json", help="the file of figures; default PLACE/growth.json")
    parser.add_argument("--draw", type=int, default=200, help="queries of each kind, five times that of the log")
    parser.add_argument("--memory", help="of aisle index")
    parser.add_argument("--threads", type=int, help="of aisle index")
    parser.add_argument("--file", action="store_true", help="index from a file of products instead of a pipe")
    parser.add_argument("--compact", action="store_true", help="compact before searching, measured apart")
    parser.add_argument("--again", choices=("no", "bench", "build"), default="no", help="repeat what was measured")
    parser.add_argument("--drop", action="store_true", help="remove each catalog when it is measured")
    parser.add_argument("--only-print", action="store_true", help="only the tables of the file")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    os.makedirs(arguments.place, exist_ok=True)
    path = arguments.json or f"{arguments.place}/growth.json"
    figures = {}
    if os.path.exists(path):
        with open(path) as file:
            figures = json.load(file)

    def keep():
        with open(path + ".part", "w") as file:
            json.dump(figures, file, indent=1)
        os.rename(path + ".part", path)

    failed = False
    for items in sorted(int(float(n)) for n in arguments.items.split(",")):
        if arguments.only_print:
            break
        try:
            measure(arguments, items, figures.setdefault(str(items), {}), keep)
        except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
            say(f"{items:,}: {error}")
            failed = True
    scales = {int(items): figures[items] for items in sorted(figures, key=int) if "build" in figures[items]}
    if scales:
        print_build(scales)
        print_runs(scales)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
