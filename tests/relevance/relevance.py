#!/usr/bin/env python3
"""relevance.py - how good the first ten hits are, by judged queries.

A judged set is a file of queries, each with rules that grade products 1 to 3 by their title and category; the grade of
a product is that of the best rule it meets, of all others 0. So every product of a catalog is judged, and a change of
the ranking cannot gain by finding what nobody looked at.

    ? wireless headphones            a query; it belongs to the group that the last line "= NAME" began
    3 headphone & wireless           patterns (regular expressions, case ignored), all of which the title has
    1 headphone @ Audio              behind @ one that the category has

Shown for each variant of the search (options of `aisle search`): nDCG@10 (gain 2^grade - 1, discount log2 of the
rank + 1), MRR of the first product of grade 3 or of the best grade there is, and the share of queries without a hit.

    relevance.py AISLE PRODUCTS JUDGED [--schema FILE] [--variant NAME=OPTIONS]... [--queries] [--least NAME:FIGURE]

--queries lists each query's figures; --least fails when a variant's nDCG@10 is lower, for a test.
"""

import argparse
import gzip
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile


def read_judged(path):
    """Yields (group, query, [(grade, title patterns, category pattern)])."""
    group, judged = "all", []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        mark, rest = line[0], line[1:].strip()
        if mark == "=":
            group = rest
        elif mark == "?":
            judged.append((group, rest, []))
        elif mark in "123" and judged:
            titles, _, category = rest.partition(" @ ")
            patterns = [re.compile(p.strip(), re.I) for p in titles.split(" & ") if p.strip()]
            judged[-1][2].append((int(mark), patterns, re.compile(category, re.I) if category else None))
        else:
            sys.exit(f"{path}:{number}: neither a group, a query nor a grade: {line}")
    return judged


def open_products(path):
    return gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")


def read_products(path):
    products = {}
    for line in open_products(path):
        product = json.loads(line)
        category = product.get("category", "")
        category = " > ".join(category) if isinstance(category, list) else str(category)
        products[str(product["id"])] = (product.get("title", ""), category)
    return products


def grade(rules, title, category):
    best = 0
    for value, patterns, where in rules:
        if value > best and all(p.search(title) for p in patterns) and (where is None or where.search(category)):
            best = value
    return best


def discounted(grades):
    return sum((2**g - 1) / math.log2(rank + 2) for rank, g in enumerate(grades))


def search(aisle, catalog, query, options):
    run = subprocess.run([aisle, "search", catalog, query, "--limit", "10", "--json", *options], capture_output=True,
                         text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{query}: {run.stderr.strip()}")
    return [hit["id"] for hit in json.loads(run.stdout)["hits"]]


def measure(aisle, catalog, judged, grades, options):
    """Figures of each query: (group, query, ndcg, reciprocal rank, hits)."""
    figures = []
    for (group, query, _), known in zip(judged, grades):
        ids = search(aisle, catalog, query, options)
        ideal = sorted(known.values(), reverse=True)[:10]
        found = [known.get(i, 0) for i in ids]
        wanted = ideal[0]
        rank = next((r for r, g in enumerate(found, 1) if g == wanted), 0)
        figures.append((group, query, discounted(found) / discounted(ideal), 1 / rank if rank else 0.0, len(ids)))
    return figures


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def show(name, figures, each):
    print(f"| variant {name} | queries | nDCG@10 | MRR | without a hit |")
    print("|---|---|---|---|---|")
    groups = sorted({f[0] for f in figures})
    for group in groups + (["all together"] if len(groups) > 1 else []):
        of = [f for f in figures if f[0] == group or group == "all together"]
        empty = sum(1 for f in of if f[4] == 0) / len(of)
        print(f"| {group} | {len(of)} | {mean(f[2] for f in of):.3f} | {mean(f[3] for f in of):.3f} | {empty:.1%} |")
    if each:
        for group, query, ndcg, rank, count in figures:
            print(f"    {ndcg:.3f} {rank:.2f} {count:2d} hits  {query}")
    print()
    return mean(f[2] for f in figures)


def grade_all(judged, products):
    grades = []
    for _, query, rules in judged:
        known = {i: g for i, (title, category) in products.items() if (g := grade(rules, title, category))}
        if not known:
            sys.exit(f"no product of the catalog has a grade for: {query}")
        grades.append(known)
    return grades


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aisle")
    parser.add_argument("products")
    parser.add_argument("judged")
    parser.add_argument("--schema")
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--queries", action="store_true")
    parser.add_argument("--least", action="append", default=[])
    arguments = parser.parse_args()
    judged = read_judged(arguments.judged)
    if not os.path.exists(arguments.products):
        print(f"skipped: there is no {arguments.products}")
        return 77
    grades = grade_all(judged, read_products(arguments.products))
    least = dict((name, float(figure)) for name, _, figure in (l.rpartition(":") for l in arguments.least))
    failed = False
    with tempfile.TemporaryDirectory() as place:
        catalog = os.path.join(place, "catalog")
        if arguments.schema:
            subprocess.run([arguments.aisle, "create", catalog, "--schema", arguments.schema], check=True,
                           stdout=subprocess.DEVNULL)
        text = open_products(arguments.products).read().encode()
        subprocess.run([arguments.aisle, "index", catalog, "-"], input=text, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        for variant in arguments.variant or ["plain="]:
            name, _, options = variant.partition("=")
            figure = show(name, measure(arguments.aisle, catalog, judged, grades, shlex.split(options)),
                          arguments.queries)
            if figure < least.get(name, 0.0):
                print(f"variant {name}: nDCG@10 is {figure:.3f}, at least {least[name]:.3f} expected")
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
