#!/usr/bin/env python3
"""Runs an example program and checks that it does what its first comment says.

    examples.py till PROGRAM        each answer shows products of one commit: one price, which never falls
    examples.py processes PROGRAM   both readers see everything while it is written

Exit status: 0, or 1 with what was wrong.
"""
import json
import os
import subprocess
import sys
import tempfile

TIMEOUT_S = 600
QUERIES = 2000


def run(program, catalog, text=""):
    done = subprocess.run([program, catalog], input=text, text=True, stdout=subprocess.PIPE, timeout=TIMEOUT_S,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{program}: exit status {done.returncode}")
    return done.stdout.splitlines()


def check_till(program, catalog):
    queries = ["shoes", "red OR blue", '"in quotes', "jacket -green"] * (QUERIES // 4)
    lines = run(program, catalog, "\n".join(queries) + "\n")
    answers = []  # of every search: (its line, its products)
    for line in lines:
        if line.startswith("  "):
            answers[-1][1].append(json.loads(line))
        else:
            answers.append((line, []))
    price = 10
    for line, products in answers:
        prices = {product["price"] for product in products}
        if len(prices) > 1 or any(now < price for now in prices):
            sys.exit(f"{line}: prices {sorted(prices)}, after {price}")
        price = max(prices, default=price)
    if len(answers) != QUERIES + 1 or answers[-1][0] != "shoes: 50 found" or price != 60:
        sys.exit(f"{len(answers)} answers, the last {answers[-1]}, price {price}")
    print(f"{len(answers)} answers, each of one commit")


def check_processes(program, catalog):
    lines = run(program, catalog)
    if lines != ["2 readers saw all of 200 products while they were written"]:
        sys.exit(f"printed: {lines}")
    print(lines[0])


def main():
    with tempfile.TemporaryDirectory(prefix="example-") as place:
        check = {"till": check_till, "processes": check_processes}[sys.argv[1]]
        check(os.path.abspath(sys.argv[2]), os.path.join(place, "shop"))


if __name__ == "__main__":
    main()
