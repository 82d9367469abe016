#!/usr/bin/env python3
"""Opens a small catalog of every format version that is kept here, as all later versions must.

    format.py AISLE          checks a catalog made now, then a copy of each kept one: v<N>/catalog.tar.xz
    format.py AISLE --keep   makes v<N>/catalog.tar.xz anew, N being the format that AISLE writes

A catalog has every type of the shop schema, two shards, segments before and after a merge, products replaced, deleted
and patched (columns and text), words beyond ASCII, and a product of many pages. With it goes expected.json: the
products it holds, and for some queries the ids they find. It is checked in three ways: `check` finds no fault; products
and queries answer as expected; and it can be written: after more changes, and after a merge, it answers by those.

A kept catalog is never made anew, nor deleted, once its version is released. A query that the keeping version refuses
is not kept.
Exit status: 0, or 1 with what was wrong.
"""
import argparse
import glob
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ARCHIVE = "catalog.tar.xz"
ARCHIVE_BYTES_MAX = 400_000
CATALOG_FILES = ("aisle.json", "schema.json", "data.mdb")  # locks are made when a catalog is opened
PRODUCTS = 100
LONG_WORDS = 5_000
QUERIES = ["wireless", "wireless headphones", "portable OR ultra", "head*", "full -smartphone", "title:wireless",
           "256 gb", "creme brulee", "Größe", "zweihundert*", "brand:audientis", "description:months", '"creme brulee"',
           '"portable headphones"~1', '"zweihundert3 zweihundert4*"', "wireless -\"wireless headphones\""]
FILTERS = ["price < 100", "NOT in_stock = true AND rating >= 3.5", 'brand >= "m"', 'category UNDER "electronics"',
           'category = "küche > SÜSSES"', 'size EXISTS AND NOT color IN ["black", "red"]']


class Failure(Exception):
    """A check that did not hold."""


def require(holds, what):
    if not holds:
        raise Failure(what)


class Catalog:
    """A catalog in place, and what it should hold: id to product."""

    def __init__(self, aisle, place, products):
        self.aisle, self.place, self.products = aisle, place, dict(products)

    def call(self, command, *arguments, text=""):
        """Runs a command on the catalog; (exit status, what it printed)."""
        done = subprocess.run([self.aisle, command, "shop", *arguments], cwd=self.place, input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        require(done.returncode in (0, 2), f"aisle {command}: exit status {done.returncode}: {done.stderr}")
        return done.returncode, done.stdout

    def run(self, command, *arguments, text=""):
        status, printed = self.call(command, *arguments, text=text)
        require(status == 0, f"aisle {command} {arguments}: exit status {status}")
        return printed

    def index(self, changes):
        """Applies changes in one commit, here and in the catalog: products, or objects with an "op"."""
        self.run("index", "-", text="".join(json.dumps(change) + "\n" for change in changes))
        for change in changes:
            if change.get("op") == "delete":
                del self.products[change["id"]]
            elif change.get("op") == "patch":
                merged = {**self.products[change["id"]], **change["fields"]}
                self.products[change["id"]] = {name: value for name, value in merged.items() if value is not None}
            else:
                self.products[change["id"]] = change

    def find(self, query, *options):
        """The ids a query finds, sorted; None when it is refused."""
        status, printed = self.call("search", "--limit", "10000", "--json", *options, "--", query)
        return sorted(hit["id"] for hit in json.loads(printed)["hits"]) if status == 0 else None

    def check(self, queries):
        require("no faults" in self.run("check"), "check found faults")
        hits = json.loads(self.run("search", "", "--limit", "10000", "--json"))["hits"]
        found = {hit["id"]: hit["product"] for hit in hits}
        wrong = [name for name in found.keys() | self.products.keys() if found.get(name) != self.products.get(name)]
        require(not wrong, f"products differ: {sorted(wrong)}")
        require(json.loads(self.run("stats", "--json"))["products"] == len(found), "stats counts other products")
        for name in list(found)[:5]:
            require(json.loads(self.run("get", "--", name)) == found[name], f"get {name}")
        for query, ids in queries.items():
            answer = self.find(query)
            require(answer == ids, f"{query}: found {answer}, expected {ids}")


def find_filters(catalog):
    return {text: ids for text in FILTERS if (ids := catalog.find("", "--filter", text)) is not None}


def check_filters(catalog, filters):
    """Filters answer as they did."""
    for text, ids in filters.items():
        answer = catalog.find("", "--filter", text)
        require(answer == ids, f"{text}: found {answer}, expected {ids}")


def patch(name, **fields):
    return {"op": "patch", "id": name, "fields": fields}


def delete(name):
    return {"op": "delete", "id": name}


def make(aisle, place):
    """A catalog with a life behind it, and the queries with what they find."""
    catalog = Catalog(aisle, place, {})
    catalog.run("create", "--shards", "2")
    lines = subprocess.run([aisle, "generate", "--items", str(PRODUCTS)], stdout=subprocess.PIPE, check=True).stdout
    generated = [json.loads(line) for line in lines.splitlines()]
    names = [product["id"] for product in generated]
    long_text = " ".join(f"zweihundert{i}" for i in range(LONG_WORDS))
    catalog.index(generated[:PRODUCTS // 2])
    catalog.index([{"id": "ü-1", "title": "Crème brûlée, Größe 2", "price": 3.5, "category": ["Küche", "Süßes"]},
                   {"id": "long", "title": "A long one", "description": long_text, "rating": -0.25},
                   {"id": "bare", "title": "wireless"}])
    catalog.index([patch(names[0], price=1.25, in_stock=True), patch(names[1], title="Wireless Crème"),
                   delete(names[2]), {**generated[3], "title": "Replaced before the merge"}])
    catalog.run("compact")
    catalog.index(generated[PRODUCTS // 2:])
    catalog.index([patch(names[0], sales=None, reviews=7), patch(names[4], price=99999.99, rating=4.75),
                   patch(names[5], updated="2001-02-03T04:05:06Z"), delete(names[6]), delete(names[PRODUCTS - 1]),
                   {**generated[7], "title": "Replaced behind the merge"}])
    return catalog, {query: ids for query in QUERIES if (ids := catalog.find(query)) is not None}


def change(catalog, queries):
    """Writes to the catalog and checks it, before and after a merge."""
    patched, retitled, deleted = sorted(catalog.products)[:3]
    catalog.index([{"id": "later", "title": "Quokka lamp", "price": 5}, patch(patched, price=2.75),
                   patch(retitled, title="Quokka shade"), delete(deleted)])
    for _ in range(2):
        catalog.check({"quokka": sorted(["later", retitled])})
        for query, ids in queries.items():
            answer = set(catalog.find(query)) - {retitled}  # which may match now, or no longer
            require(answer == set(ids) - {retitled, deleted}, f"{query}: found {sorted(answer)} after changes")
        catalog.run("compact")


def keep(aisle):
    with tempfile.TemporaryDirectory(prefix="format-") as place:
        catalog, queries = make(aisle, place)
        catalog.check(queries)
        with open(f"{place}/shop/aisle.json", encoding="utf-8") as file:
            target = f"{HERE}/v{json.load(file)['format']}"
        os.makedirs(target, exist_ok=True)
        expected = json.dumps({"products": catalog.products, "queries": queries, "filters": find_filters(catalog)},
                              ensure_ascii=False).encode()
        with tarfile.open(f"{target}/{ARCHIVE}", "w:xz", preset=9) as archive:
            for path in sorted(glob.glob(f"{place}/shop/**", recursive=True)):
                if os.path.basename(path) in CATALOG_FILES:
                    archive.add(path, os.path.relpath(path, place), filter=anonymous)
            entry = tarfile.TarInfo("expected.json")
            entry.size = len(expected)
            archive.addfile(entry, io.BytesIO(expected))
    size = os.path.getsize(f"{target}/{ARCHIVE}")
    print("".join(f"{query}: {len(ids)} found\n" for query, ids in queries.items()), end="")
    print(f"{os.path.relpath(target, HERE)}/{ARCHIVE}: {len(catalog.products)} products, {size} bytes")
    require(size <= ARCHIVE_BYTES_MAX, f"larger than {ARCHIVE_BYTES_MAX}")


def anonymous(entry):
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def check_kept(aisle, archive):
    with tempfile.TemporaryDirectory(prefix="format-") as place:
        with tarfile.open(archive) as file:
            file.extractall(place)
        with open(f"{place}/expected.json", encoding="utf-8") as file:
            expected = json.load(file)
        catalog = Catalog(aisle, place, expected["products"])
        catalog.check(expected["queries"])
        check_filters(catalog, expected.get("filters", {}))
        change(catalog, expected["queries"])
        print(f"{os.path.basename(os.path.dirname(archive))}: {len(expected['products'])} products as expected")


def check_all(aisle):
    with tempfile.TemporaryDirectory(prefix="format-") as place:
        catalog, queries = make(aisle, place)
        with open(f"{place}/shop/aisle.json", encoding="utf-8") as file:
            now = json.load(file)["format"]
        catalog.check(queries)
        check_filters(catalog, find_filters(catalog))
        change(catalog, queries)
    require(os.path.exists(f"{HERE}/v{now}/{ARCHIVE}"), f"format {now} is not kept: run format.py AISLE --keep")
    for archive in sorted(glob.glob(f"{HERE}/v*/{ARCHIVE}")):
        try:
            check_kept(aisle, archive)
        except Failure as failure:
            raise Failure(f"{os.path.relpath(archive, HERE)}: {failure}") from failure


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    try:
        (keep if options.keep else check_all)(os.path.abspath(options.aisle))
    except Failure as failure:
        print(f"format.py: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
