#!/usr/bin/env python3
"""A catalog with a new schema is built beside the one in use, catches up, takes its place, and gives it back.

    rebuild.py AISLE

Products and changes come from `aisle generate`. The alias is moved while a program searches through it; a catalog that
has not followed as far as the one in use must be refused. A copy made by `aisle backup` must go on from its place.
Exit status: 0, or 1 when a check failed.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile


def call(*command, expected=0, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)
    if done.returncode != expected:
        raise SystemExit(f"FAILED: {' '.join(command)}: status {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode() + (done.stderr.decode() if expected != 0 else "")


def expect(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"FAILED: {what}: {found!r}, expected {wanted!r}")


def main():
    aisle = os.path.abspath(sys.argv[1])
    place = tempfile.mkdtemp(prefix="aisle-rebuild-")
    os.chdir(place)
    os.mkdir("log")
    with open("log/0.jsonl", "w", encoding="utf-8") as file:
        file.write(call(aisle, "generate", "--items", "500"))
    changes = call(aisle, "generate", "--items", "500", "--changes", "400").splitlines(keepends=True)
    with open("log/1.jsonl", "w", encoding="utf-8") as file:
        file.writelines(changes[:200])
    call(aisle, "create", "shop.1")
    call(aisle, "index", "shop.1", "log")
    call(aisle, "alias", "shop", "shop.1")
    call(aisle, "backup", "shop", "shop.copy")
    # The new catalog has another schema and stops half way.
    with open("schema.json", "w", encoding="utf-8") as file:
        json.dump({"version": 1, "id": "id", "fields": {"title": {"type": "text"}, "price": {"type": "double"}}}, file)
    call(aisle, "create", "shop.2", "--schema", "schema.json")
    refused = call(aisle, "alias", "shop", "shop.2", expected=3)
    expect("the refusal", "it has followed no log, the one in use log to 200" in refused, True)
    with open("log/1.jsonl", "w", encoding="utf-8") as file:
        file.writelines(changes[:100])
    call(aisle, "index", "shop.2", "log")
    with open("log/1.jsonl", "w", encoding="utf-8") as file:
        file.writelines(changes)
    refused = call(aisle, "alias", "shop", "shop.2", expected=3)
    expect("the refusal", "it has followed log to 100, the one in use to 200" in refused, True)
    expect("the alias", os.readlink("shop"), "shop.1")
    call(aisle, "index", "shop.2", "log")
    call(aisle, "alias", "shop", "shop.2")
    expect("the alias", os.readlink("shop"), "shop.2")
    # Back, which needs the old one to have followed, too.
    call(aisle, "alias", "shop", "shop.1", expected=3)
    call(aisle, "index", "shop.1", "log")
    call(aisle, "alias", "shop", "shop.1")
    call(aisle, "alias", "shop", "shop.2")
    copied = json.loads(call(aisle, "index", "shop.copy", "log", "--json"))
    expect("lines that the copy still had to read", copied["lines"], 200)
    counts = {name: json.loads(call(aisle, "stats", name, "--json"))["products"]
              for name in ("shop", "shop.1", "shop.2", "shop.copy")}
    expect("products", len(set(counts.values())), 1)
    os.mkdir("no-alias")
    call(aisle, "alias", "no-alias", "shop.2", expected=2)
    os.chdir("/")
    shutil.rmtree(place)
    print(f"{counts['shop']} products through the alias")
    return 0


if __name__ == "__main__":
    sys.exit(main())
