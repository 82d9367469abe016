#!/usr/bin/env python3
"""Facets of Aisle beside those of Lucene, one thread each, with equal counts.

    bench/peers/facets.py BENCH_FACETS [--items N] [--work DIRECTORY] [--rounds N]

BENCH_FACETS is the built program (bench/bench_facets.c); run.py's needs for Lucene hold. The engines take turns, each
in a process of its own; a query's time is the best of its passes, and the table has medians over the rounds.
"""
import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import run as peers  # noqa: E402

QUERIES = ["all", "half", "tenth", "hundredth", "thousandth", "shoes", "half shoes"]


def make(work):
    home, jars, path = peers.java_home(), f"{work}/java", [f"{work}/java/classes"]
    for name in ("lucene-core", "lucene-analysis-common", "lucene-facet"):
        jar = f"{jars}/{name}-{peers.LUCENE}.jar"
        path.append(jar)
        if not os.path.exists(jar):
            subprocess.run(["mvn", "-q", "-B", "dependency:copy", f"-DoutputDirectory={os.path.abspath(jars)}",
                            f"-Dartifact=org.apache.lucene:{name}:{peers.LUCENE}"], check=True,
                           stdout=subprocess.DEVNULL)
    subprocess.run([f"{home}/bin/javac", "-nowarn", "-d", f"{jars}/classes", "-cp", ":".join(path),
                    f"{HERE}/LuceneFacets.java"], check=True, stderr=subprocess.DEVNULL)
    return [f"{home}/bin/java", "-Xmx4g", "-XX:+UseSerialGC", "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-cp", ":".join(path), "LuceneFacets"]


def ask(command):
    """Query -> (total, counts of each facet, ns)."""
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    answers = {}
    for line in output.splitlines():
        name, total, *facets, ns = line.split("\t")
        counts = [dict(pair.rsplit("=", 1) for pair in facet.split("|")) for facet in facets]
        answers[name] = int(total), counts, int(ns)
    return answers


def compare(name, ours, theirs):
    """Equal totals and counts. Of the ten first brands the last ones may tie with others: their counts are compared."""
    (total, counts, _), (their_total, their_counts, _) = ours, theirs
    brands, their_brands = (sorted(map(int, c[0].values()), reverse=True) for c in (counts, their_counts))
    prices, their_prices = ({k: v for k, v in c[2].items() if v != "0"} for c in (counts, their_counts))
    if total != their_total or brands != their_brands or counts[1] != their_counts[1] or prices != their_prices:
        sys.exit(f"facets.py: {name}: counts differ:\n{ours}\n{theirs}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--items", type=int, default=1000000)
    parser.add_argument("--work", default="build/facets")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    os.makedirs(given.work, exist_ok=True)
    catalog, corpus, index = (f"{given.work}/{name}-{given.items}" for name in ("aisle", "corpus", "lucene"))
    lucene = make(given.work)
    if not os.path.exists(index):
        subprocess.run([given.program, catalog, str(given.items), "merged", corpus], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run([*lucene, "build", corpus, index], check=True, stderr=subprocess.DEVNULL)
    times = {name: ([], []) for name in QUERIES}
    for _ in range(given.rounds):
        ours = ask([given.program, catalog])
        theirs = ask([*lucene, "search", index, "20", "15", *QUERIES])
        for name in QUERIES:
            compare(name, ours[name], theirs[name])
            times[name][0].append(ours[name][2])
            times[name][1].append(theirs[name][2])
    print(f"{'query':12} {'matches':>10} {'Aisle ms':>9} {'Lucene ms':>10} {'ratio':>6}")
    for name in QUERIES:
        own, their = (statistics.median(t) / 1e6 for t in times[name])
        ratio = statistics.median(b / a for a, b in zip(*times[name]))
        print(f"{name:12} {ours[name][0]:10} {own:9.2f} {their:10.2f} {ratio:6.1f}")


if __name__ == "__main__":
    main()
