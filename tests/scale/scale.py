#!/usr/bin/env python3
"""Builds one generated catalog in several ways and demands that all of them check sound and answer alike.

    scale.py AISLE [--items N] [--queries Q] [--place DIR]

One shard as it comes out of indexing (several segments), the same compacted into one, and three shards with another
budget. Without replaced or deleted products, totals, hits, order and scores must be equal to the last digit. What small
tests cannot reach (lists of many superblocks, components of many extents, merges of merges) shows here: 5,000,000
items take three minutes on two cores.
"""
import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout.decode()


def index(aisle, catalog, items, shards, memory):
    run(aisle, "create", catalog, "--shards", str(shards))
    with subprocess.Popen([aisle, "generate", "--items", str(items)], stdout=subprocess.PIPE) as source:
        subprocess.run([aisle, "index", catalog, "-", "--memory", memory], stdin=source.stdout, check=True,
                       stderr=subprocess.DEVNULL)


def make_queries(aisle, items, count):
    """Plain queries, and alternatives, exclusions, prefixes and title words made of them."""
    plain = run(aisle, "generate", "--items", str(items), "--queries", str(count)).splitlines()
    random.seed(1)
    shapes = [
        lambda words: " ".join(words),
        lambda words: " OR ".join(words),
        lambda words: " -".join(words),
        lambda words: " ".join(words[:-1] + [words[-1][:3] + "*"]),
        lambda words: "title:" + " ".join(words),
    ]
    return [random.choice(shapes)(line.split()) for line in plain]


def answer(aisle, catalog, query):
    found = json.loads(run(aisle, "search", catalog, query, "--json"))
    return found["total"], [(hit["id"], hit["score"]) for hit in found["hits"]]


def compare(aisle, catalog, queries, expected, what):
    run(aisle, "check", catalog)
    hits = 0
    for query, (total, best) in zip(queries, expected):
        got = answer(aisle, catalog, query)
        if got != (total, best):
            sys.exit(f"scale.py: {what}: {query!r}: {got} instead of {(total, best)}")
        hits += len(best)
    return hits


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("--items", type=int, default=1000000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--place")
    options = parser.parse_args()
    aisle = options.aisle
    place = tempfile.mkdtemp(prefix="scale-", dir=options.place)
    try:
        one, three = f"{place}/one", f"{place}/three"
        queries = make_queries(aisle, options.items, options.queries)
        index(aisle, one, options.items, 1, "64M")
        run(aisle, "check", one)
        segments = json.loads(run(aisle, "stats", one, "--json"))["segments"]
        expected = [answer(aisle, one, query) for query in queries]
        run(aisle, "compact", one)
        hits = compare(aisle, one, queries, expected, "compacted")
        index(aisle, three, options.items, 3, "96M")
        compare(aisle, three, queries, expected, "three shards")
        print(f"scale.py: {options.items} products, {len(queries)} queries, {hits} hits: {segments} segments, one, and "
              "three shards answer alike")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
