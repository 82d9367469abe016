#!/usr/bin/env python3
"""Backs a catalog up again and again while another process indexes, and checks every copy.

    backup.py AISLE [--items N] [--copies N] [--seed S] [--place DIR]

A change log of puts, replacements, patches and deletes is indexed in pieces, a commit each, by one `aisle index` after
another; beside it `aisle backup` copies. Each copy says in its log position which part of the log it is of. So
    `check` finds no fault in it,
    a catalog built from exactly that part of the log answers alike (one shard: a shard commits as a whole),
    and after the rest of the log has been indexed into it, it answers like the finished catalog (any shards).
Exit status: 0, or 1 when a copy was not what it says.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading

WORDS = ["lamp", "shoe", "red", "blue", "steel", "oak", "large", "small", "garden", "kitchen", "cable", "mount"]


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"backup.py: {' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def make_log(pick, items):
    lines = []
    for number in range(items):
        identity = f"P{pick.randrange(max(1, items // 2))}"
        kind = pick.random()
        title = " ".join(pick.choice(WORDS) for _ in range(pick.randint(2, 5))) + f" n{number}"
        if kind < 0.7:
            line = {"op": "put", "product": {"id": identity, "title": title, "price": number / 4}}
        elif kind < 0.9:
            line = {"op": "patch", "id": identity, "fields": {"price": number / 8}}
        else:
            line = {"op": "delete", "id": identity}
        lines.append(json.dumps(line) + "\n")
    return lines


def answers(aisle, catalog):
    """What distinguishes two catalogs: every product, and the order and number of hits of some queries."""
    found = [run(aisle, "search", catalog, "", "--json", "--limit", "10000")]
    found += [run(aisle, "search", catalog, word, "--json", "--limit", "50") for word in WORDS[:6]]
    shown = []
    for text in found:
        answer = json.loads(text, parse_int=float)  # a patch of a price may print 58 where a put printed 58.0
        # Scores depend on dead products that a merge may have dropped in one of the two.
        shown.append((answer["total"], sorted(json.dumps(hit["product"], sort_keys=True) for hit in answer["hits"])
                      if answer["total"] <= len(answer["hits"]) else None))
    return shown


def position(aisle, catalog):
    log = json.loads(run(aisle, "stats", catalog, "--json"))["log"]
    return 0 if log is None else log["offset"]


def write_pieces(aisle, catalog, log, lines, pieces):
    size = (len(lines) + pieces - 1) // pieces
    for start in range(0, len(lines), size):
        with open(log, "a", encoding="utf-8") as file:
            file.writelines(lines[start:start + size])
        run(aisle, "index", catalog, log, "--rejects", log + ".rejects")


def check_copy(aisle, place, copy, log, shards):
    run(aisle, "check", copy)
    offset = position(aisle, copy)
    if shards == 1:
        with open(log, "rb") as file:
            part = file.read(offset)
        folder = os.path.join(place, "part")
        os.mkdir(folder)
        with open(os.path.join(folder, "log.jsonl"), "wb") as file:
            file.write(part)
        built = os.path.join(folder, "built")
        run(aisle, "create", built, "--shards", "1")
        if part:
            run(aisle, "index", built, os.path.join(folder, "log.jsonl"))
        if answers(aisle, copy) != answers(aisle, built):
            sys.exit(f"backup.py: {copy} is not what the first {offset} bytes of {log} make")
        shutil.rmtree(folder)
    return offset


def campaign(aisle, place, items, copies, pick, shards):
    catalog = os.path.join(place, f"catalog{shards}")
    log = os.path.join(place, f"log{shards}.jsonl")
    run(aisle, "create", catalog, "--shards", str(shards))
    writer = threading.Thread(target=write_pieces, args=(aisle, catalog, log, make_log(pick, items), copies * 4))
    writer.start()
    made = []
    for number in range(copies):
        made.append(os.path.join(place, f"copy{shards}-{number}"))
        run(aisle, "backup", catalog, made[-1])
    writer.join()
    finished = answers(aisle, catalog)
    offsets = [check_copy(aisle, place, copy, log, shards) for copy in made]
    if offsets != sorted(offsets):
        sys.exit(f"backup.py: later copies stand before earlier ones: {offsets}")
    for copy in made:
        run(aisle, "index", copy, log)
        run(aisle, "check", copy)
        if answers(aisle, copy) != finished:
            sys.exit(f"backup.py: {copy} with the rest of the log is not the finished catalog")
        shutil.rmtree(copy)
    return offsets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("--items", type=int, default=3000)
    parser.add_argument("--copies", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place")
    options = parser.parse_args()
    pick = random.Random(options.seed)
    place = tempfile.mkdtemp(prefix="backup-", dir=options.place)
    try:
        for shards in (1, 3):
            offsets = campaign(os.path.abspath(options.aisle), place, options.items, options.copies, pick, shards)
            print(f"{shards} shards: {len(offsets)} copies, of log positions {offsets[0]} to {offsets[-1]}")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
