#!/usr/bin/env python3
"""Measures what the order of products in a segment does to latency and bytes.

    bench/orders.py AISLE [--items N] [--products FILE] [--place DIR] [--json FILE]

Builds one catalog, compacted into one segment, for each order: of --items generated products, and of --products (JSON
lines of the shop schema, or .gz) if that file is there. Lines are shuffled first, so that an order of nothing is a
random one. The same queries, drawn from the first catalog, are asked of all: with and without their total, and the ten
best also with signals (popularity of sales, ratings, recency) in the score; and products are counted by columns alone,
as facets are, which reads those columns from end to end. Figures are p50 / p99 in us over each query's best pass;
orders take turns, --rounds times, and the median of rounds counts.
"""
import argparse
import gzip
import json
import os
import random
import shutil
import statistics
import subprocess

from measure import bench, machine, markdown, run_json, say, stats

ORDERS = {  # "nothing" is a field that no product has
    "random": ["nothing"],
    "category": ["category"],
    "band, category, brand, popularity": ["length", "category", "brand", "sales:desc"],
    "band, popularity, category": ["length", "sales:desc", "category"],
    "category, band": ["category", "length"],
}
SIGNALS = [
    {"kind": "popularity", "field": "sales", "weight": 2},
    {"kind": "rating", "field": "rating", "count": "reviews", "weight": 1},
    {"kind": "recency", "field": "updated", "weight": 1},
]
NO_SIGNALS = "sales:0,rating:0,updated:0"
MODES = {
    "top 10": ["--no-total", "--weights", NO_SIGNALS],
    "top 10, signals": ["--no-total"],
    "with total": ["--weights", NO_SIGNALS],
}
SCANS = {"price": "price 20 TO 60", "rating": "rating >= 4", "brand": 'brand IN ["Oravox", "Lumetra"]',
         "category": 'category UNDER "Electronics"'}
SCAN_MODE = "columns scanned"
PARTS = ("postings", "positions", "terms", "columns", "ids", "order", "documents")


def make_lines(arguments, path):
    """The products, shuffled, in a file."""
    if os.path.exists(path):
        return
    if arguments.products:
        opened = gzip.open if arguments.products.endswith(".gz") else open
        with opened(arguments.products, "rb") as file:
            lines = file.readlines()
    else:
        lines = subprocess.check_output([arguments.aisle, "generate", "--items", str(arguments.items)]).splitlines(True)
    random.Random(1).shuffle(lines)
    with open(path + ".part", "wb") as file:
        file.writelines(lines)
    os.rename(path + ".part", path)


def schema_of(arguments, order):
    """The shop schema, as a catalog without products tells it, in this order and with signals."""
    empty = f"{arguments.place}/empty"
    shutil.rmtree(empty, ignore_errors=True)
    subprocess.run([arguments.aisle, "create", empty], check=True, stdout=subprocess.DEVNULL)
    with open(f"{empty}/schema.json") as file:
        schema = json.load(file)
    schema["fields"]["nothing"] = {"type": "bool"}
    return {**schema, "order": order, "signals": SIGNALS}


def build(arguments, number, order, lines):
    """The catalog, built and compacted unless it is there, and its statistics."""
    catalog = f"{arguments.place}/order-{number}"
    if not os.path.exists(f"{catalog}.done"):
        shutil.rmtree(catalog, ignore_errors=True)
        with open(f"{catalog}.schema", "w") as file:
            json.dump(schema_of(arguments, order), file)
        for command in (["create", catalog, "--schema", f"{catalog}.schema"], ["index", catalog, lines],
                        ["compact", catalog]):
            subprocess.run([arguments.aisle, *command], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        open(f"{catalog}.done", "w").close()
    return catalog, stats(arguments.aisle, catalog)


def measure(arguments):
    """{order: {"stats": ..., mode: {kind: [p50, p99]}}}"""
    os.makedirs(arguments.place, exist_ok=True)
    lines, queries = f"{arguments.place}/products.jsonl", f"{arguments.place}/queries.txt"
    make_lines(arguments, lines)
    catalogs, found = {}, {}
    for number, (name, order) in enumerate(ORDERS.items()):
        catalogs[name], held = build(arguments, number, order, lines)
        found[name] = {"stats": held}
        say(f"{name}: {held['bytes'] / held['products']:.1f} bytes a product")
    with open(queries, "w") as file:
        subprocess.run([arguments.aisle, "bench", catalogs["random"], "--draw", str(arguments.draw), "--print"],
                       check=True, stdout=file, stderr=subprocess.DEVNULL)
    scans = f"{arguments.place}/scans.txt"
    with open(scans, "w") as file:
        file.writelines(f"{kind}\t\t{filter}\n" for kind, filter in SCANS.items())
    modes = {mode: (queries, ["--best", *options]) for mode, options in MODES.items()}
    modes[SCAN_MODE] = (scans, ["--best", "--passes", "20", "--limit", "1", "--weights", NO_SIGNALS])
    rounds = {(name, mode): [] for name in ORDERS for mode in modes}
    for number in range(arguments.rounds):
        for mode, (path, options) in modes.items():
            for name in list(ORDERS)[::-1 if number % 2 else 1]:
                rounds[name, mode].append(bench(arguments.aisle, catalogs[name], path, *options))
        say(f"round {number + 1} of {arguments.rounds}")
    for (name, mode), runs in rounds.items():
        kinds = [*runs[0]["kinds"], "all"]
        found[name][mode] = {
            kind: [statistics.median((r["kinds"] | {"all": r["all"]})[kind][p] for r in runs)
                   for p in ("p50_us", "p99_us", "mean_us")]
            for kind in kinds}
    return found


def show(found, title):
    first = next(iter(found.values()))
    print(f"{title}: {first['stats']['products']:,} products\n")
    markdown(["bytes a product", *PARTS, "bytes a posting"],
             [[name, *(f"{f['stats'][part + '_bytes'] / f['stats']['products']:.1f}" for part in PARTS),
               f"{(f['stats']['postings_bytes'] + f['stats']['terms_bytes']) / f['stats']['postings']:.3f}"]
              for name, f in found.items()])
    for mode in (*MODES, SCAN_MODE):
        kinds = sorted(first[mode], key=lambda kind: (kind == "all", kind))
        markdown([f"{mode}, us", *kinds],
                 [[name, *(f"{f[mode][kind][0]:.0f} / {f[mode][kind][1]:.0f}" for kind in kinds)]
                  for name, f in found.items()])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("aisle", help="the program")
    parser.add_argument("--items", type=int, default=200000, help="generated products; 0: none; default 200,000")
    parser.add_argument("--products", help="a second catalog of these; passed over when there is no such file")
    parser.add_argument("--place", default="/var/tmp/aisle-orders", help="for catalogs, which stay and are used again")
    parser.add_argument("--draw", type=int, default=100, help="queries of each kind; default 100")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="write all figures here")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    place, figures = arguments.place, {"machine": machine()}
    sources = [("generated", None)] if arguments.items else []
    if arguments.products and os.path.exists(arguments.products):
        sources.append(("real", arguments.products))
    for title, arguments.products in sources:
        arguments.place = f"{place}/{title}" if arguments.products else f"{place}/{title}-{arguments.items}"
        figures[title] = measure(arguments)
        show(figures[title], title)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
