#!/usr/bin/env python3
"""Kills `aisle index` with SIGKILL at random moments and checks what is left, round after round.

    crash.py AISLE [--rounds N] [--seed S] [--lines N] [--shards N] [--memory SIZE] [--place DIR] [--full]

A change log of a few files is made from the seed: puts, replacements, patches of columns and of text, deletes, lines
that cannot be accepted. A model in Python replays it. After each kill
    `stats` opens the catalog and `check` finds no fault,
    the committed log position ends a record and has not moved back,
    the catalog holds as many products as the model at that position (one shard; more may be ahead of the position),
and the next round resumes. Whenever the log's end is reached, the catalog is compared with the model, product by
product, and with a catalog built in one undisturbed run, by searches; then a new catalog is begun.

The log grows between rounds by any number of bytes, so that a run may find its last line torn. A kill falls at any
moment of the run, or a few milliseconds after the catalog's files change or after SIGTERM has asked for a clean end,
where the commits are. The moments are real time, so a seed repeats the log and the choices but not the exact instants.
The place is kept when something fails. Exit status: 0, or 1 when a check failed.
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FILES = 4
SAMPLE = 200     # products compared by `aisle get`, unless --full
SEARCHES = 30
STEP_TIMEOUT_S = 300


class Failure(Exception):
    """A check that did not hold."""


# ------------------------------------------------------------------------------------------------- log and model

class Log:
    """The change log's lines, and the products that stand after any of them."""

    def __init__(self, seed, lines):
        self.random = random.Random(seed)
        self.words = self.make_words(1500)
        self.brands = [word.capitalize() for word in self.random.sample(self.words, 40)]
        self.files = []    # (name, [(line with its newline, change or None)]); a change is (op, id, fields)
        self.live = {}     # while it is made
        self.ids = []
        made = 0
        for number in range(FILES):
            count = lines // FILES if number < FILES - 1 else lines - made
            self.files.append((f"changes-{number:03}.jsonl", [self.make_line(made + i) for i in range(count)]))
            made += count
        self.live = None

    def make_words(self, count):
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "ol")]
        found = set()
        while len(found) < count:
            found.add("".join(self.random.choices(syllables, k=self.random.choice((2, 2, 3)))))
        return sorted(found)

    def text(self, least, most):
        # Squaring makes few words frequent and most of them rare.
        count = self.random.randint(least, most)
        return " ".join(self.words[int(self.random.random() ** 2 * len(self.words))] for _ in range(count))

    def make_product(self, identity):
        pick = self.random
        product = {"id": identity, "title": self.text(2, 8), "description": self.text(20, 250),
                   "brand": pick.choice(self.brands),
                   "category": [pick.choice(self.words[:9]), pick.choice(self.words)],
                   "price": pick.randrange(100, 100000) / 100, "in_stock": pick.random() < 0.8,
                   "sales": pick.randrange(5000), "rating": pick.randrange(10, 51) / 10}
        if pick.random() < 0.3:
            product["note"] = self.text(1, 4)  # a field that the schema does not name
        return product

    def make_line(self, number):
        pick = self.random
        kind = pick.random()
        if kind < 0.004:
            return pick.choice(['{"op":"put","product":{"id":"torn\n', '{"op":"put","product":{"title":"no id"}}\n',
                                '{"id":"P0","title":7}\n', '{"op":"patch","id":"P0"}\n', "not json\n"]), None
        identity = pick.choice(self.ids) if self.ids else None
        if identity is None or kind < 0.5:
            identity = f"P{len(self.ids)}"
            self.ids.append(identity)
            change = ("put", identity, self.make_product(identity))
        elif kind < 0.6:
            change = ("put", identity, self.make_product(identity))
        elif kind < 0.8:
            fields = {"price": pick.randrange(100, 100000) / 100, "in_stock": pick.random() < 0.5,
                      "sales": pick.randrange(5000)}
            change = ("patch", identity, {name: fields[name] for name in pick.sample(sorted(fields), 2)})
        elif kind < 0.9:
            change = ("patch", identity, pick.choice([{"title": self.text(2, 8)}, {"description": None},
                                                      {"description": self.text(5, 60), "price": 5.25}]))
        else:
            change = ("delete", identity, None)
        return self.print_change(number, change), change

    def print_change(self, number, change):
        op, identity, fields = change
        if op == "put" and self.random.random() < 0.2:
            return json.dumps(fields) + "\n"  # a bare product
        line = {"op": op, "seq": f"{number:X}/0"}
        if op == "put":
            line["product"] = fields
        else:
            line["id"] = identity
            if op == "patch":
                line["fields"] = fields
        return json.dumps(line, separators=(",", ":")) + "\n"

    def write(self, folder, start, end):
        """Adds bytes start to end of all files, laid end to end, to the files of folder."""
        os.makedirs(folder, exist_ok=True)
        first = 0
        for name, text in self.texts():
            if start < first + len(text) and end > first:
                with open(os.path.join(folder, name), "a", encoding="ascii", newline="") as file:
                    file.write(text[max(0, start - first):end - first])
            first += len(text)

    def texts(self):
        return [(name, "".join(line for line, _ in lines)) for name, lines in self.files]

    def model(self, source, offset):
        """The products by id after the record that ends at offset of source; "", 0: at the very start."""
        products = {}
        if not source:
            return products
        names = [name for name, _ in self.files]
        if source not in names:
            raise Failure(f"the committed log file is {source!r}, none of {names}")
        for name, lines in self.files:
            end = 0
            for line, change in lines:
                if name == source and end >= offset:
                    break
                end += len(line)
                apply(products, change)
            if name == source:
                # Behind the newline, or before it.
                if offset not in (end, end - 1):
                    raise Failure(f"the committed offset {source}:{offset} is inside a record; one ends at {end}")
                return products
        return products

    def model_at_end(self):
        products = {}
        for _, lines in self.files:
            for _, change in lines:
                apply(products, change)
        return products

    def queries(self):
        pick = random.Random(self.random.random())
        common = self.words[:60]
        texts = ["", self.brands[0]]
        while len(texts) < SEARCHES:
            texts.append(pick.choice([lambda: pick.choice(common), lambda: " ".join(pick.sample(common, 2)),
                                      lambda: pick.choice(common) + " OR " + pick.choice(self.words),
                                      lambda: pick.choice(common) + " -" + pick.choice(common),
                                      lambda: pick.choice(self.words)[:3] + "*",
                                      lambda: "title:" + pick.choice(common)])())
        return texts


def apply(products, change):
    if change is None:
        return
    op, identity, fields = change
    if op == "put":
        products[identity] = dict(fields)
    elif op == "delete":
        products.pop(identity, None)
    elif identity in products:
        for name, value in fields.items():
            if value is None:
                products[identity].pop(name, None)
            else:
                products[identity][name] = value


# ---------------------------------------------------------------------------------------------------- the program

class Program:
    """The program under test, with its output where a failure can show it."""

    def __init__(self, path):
        self.path = path

    def run(self, *arguments, expect=(0,)):
        done = subprocess.run([self.path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=STEP_TIMEOUT_S, check=False)
        if done.returncode not in expect:
            raise Failure(f"aisle {' '.join(arguments)}: exit status {done.returncode}, expected {expect}\n"
                          + tail(done.stdout) + tail(done.stderr))
        return done

    def json(self, *arguments):
        done = self.run(*arguments)
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise Failure(f"aisle {' '.join(arguments)}: {error}\n{tail(done.stdout)}") from error

    def search(self, catalog, text):
        found = self.json("search", catalog, text, "--limit", "20", "--json")
        return found["total"], [hit["id"] for hit in found["hits"]]


def tail(output):
    return output.decode("utf-8", "replace")[-2000:]


def newest_change(catalog):
    """A value that differs once a file of the catalog was written."""
    newest = 0
    for place, _, names in os.walk(catalog):
        for name in names:
            try:
                status = os.stat(os.path.join(place, name))
            except FileNotFoundError:
                continue
            newest = max(newest, status.st_mtime_ns)
            newest += status.st_size
    return newest


# ----------------------------------------------------------------------------------------------------- the campaign

class Campaign:
    def __init__(self, options, place):
        self.options = options
        self.program = Program(os.path.abspath(options.aisle))
        self.random = random.Random(options.seed + 1)
        self.log = Log(options.seed, options.lines)
        self.place = place
        self.log_bytes = sum(len(text) for _, text in self.log.texts())
        self.end_model = self.log.model_at_end()
        self.texts = self.log.queries()
        self.kills = self.progress = self.completed = self.verified = self.commits = 0
        self.reopen_longest_s = 0.0
        self.run_s = 0.0
        self.reference = None

    def run(self):
        self.build_reference()
        catalog, number = None, 0
        for done in range(self.options.rounds):
            if catalog is None:
                number += 1
                catalog = os.path.join(self.place, f"catalog-{number}")
                self.create(catalog)
            self.grow(int(self.random.uniform(0, 0.4) * self.log_bytes))
            whole = self.shown_bytes == self.log_bytes
            finished = self.index_and_kill(catalog)
            self.check_left(catalog, f"round {done + 1}")
            if finished and whole:
                catalog = self.close_cycle(catalog)
        if catalog is not None:
            self.close_cycle(catalog)

    def create(self, catalog):
        self.program.run("create", catalog, "--shards", str(self.options.shards))
        self.folder = catalog + "-log"
        self.shown_bytes = 0
        self.position, self.generation = (-1, 0), 0

    def grow(self, count):
        end = min(self.log_bytes, self.shown_bytes + count)
        os.makedirs(self.folder, exist_ok=True)
        self.log.write(self.folder, self.shown_bytes, end)
        self.shown_bytes = end

    def index(self, catalog):
        return self.program.run("index", catalog, self.folder, "--memory", self.options.memory)

    def build_reference(self):
        catalog = os.path.join(self.place, "reference")
        self.create(catalog)
        self.grow(self.log_bytes)
        begun = time.monotonic()
        self.index(catalog)
        self.run_s = time.monotonic() - begun
        self.compare_with_model(catalog)
        self.index(catalog)  # finds nothing new, so it may change nothing
        self.compare_with_model(catalog)
        totals = [self.program.search(catalog, text)[0] for text in self.texts]
        if not any(totals[1:]):
            raise Failure("no search finds anything: the campaign would compare nothing")
        self.program.run("compact", catalog)
        self.reference = [(text, total, self.program.search(catalog, text))
                          for text, total in zip(self.texts, totals)]

    def index_and_kill(self, catalog):
        """Whether the run came to its end before the kill."""
        how = self.random.choice(("any moment", "write", "write", "stop"))
        share = (self.shown_bytes - self.consumed_bytes()) / self.log_bytes
        delay_s = self.random.uniform(0, 0.01 + 0.7 * share * self.run_s)
        process = subprocess.Popen([self.program.path, "index", catalog, self.folder, "--memory", self.options.memory],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + delay_s
        try:
            self.wait(process, deadline)
            if how == "stop" and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                self.wait(process, time.monotonic() + self.random.uniform(0, 0.1))
            elif how == "write":
                before, give_up = newest_change(catalog), time.monotonic() + self.run_s
                while process.poll() is None and newest_change(catalog) == before and time.monotonic() < give_up:
                    time.sleep(0.0005)
                self.wait(process, time.monotonic() + self.random.uniform(0, 0.03))
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            error = process.communicate()[1]
        # SIGTERM itself kills a program that has not begun to listen.
        if process.returncode == -signal.SIGKILL or (how == "stop" and process.returncode == -signal.SIGTERM):
            self.kills += 1
            return False
        if process.returncode != 0:
            raise Failure(f"aisle index ended with status {process.returncode}: {tail(error)}")
        self.completed += 1
        return True

    def consumed_bytes(self):
        """Of the shown log, up to the position that was last seen."""
        number, offset = self.position
        return sum(len(text) for _, text in self.log.texts()[:max(number, 0)]) + offset

    @staticmethod
    def wait(process, until):
        while process.poll() is None and time.monotonic() < until:
            time.sleep(min(0.002, max(0.0, until - time.monotonic())))

    def check_left(self, catalog, when):
        begun = time.monotonic()
        stats = self.program.json("stats", catalog, "--json")
        self.reopen_longest_s = max(self.reopen_longest_s, time.monotonic() - begun)
        self.program.run("check", catalog)
        log = stats["log"] or {"file": "", "offset": 0}  # null: nothing is committed yet
        source, offset = os.path.basename(log["file"]), log["offset"]
        model = self.log.model(source, offset)
        names = [name for name, _ in self.log.files]
        position = (names.index(source) if source else -1, offset)
        where = f"{when}: {catalog}, committed {source}:{offset}"
        if self.options.shards == 1 and stats["products"] != len(model):
            raise Failure(f"{where}: {stats['products']} products, the log implies {len(model)}")
        if position < self.position or stats["generation"] < self.generation:
            raise Failure(f"{where}: went back from {self.position}, generation {self.generation}")
        self.progress += position > self.position
        self.commits += stats["generation"] - self.generation
        self.position, self.generation = position, stats["generation"]

    def close_cycle(self, catalog):
        """Completes the log and the catalog, compares it with the model and the reference, and removes it."""
        self.grow(self.log_bytes)
        self.index(catalog)
        self.check_left(catalog, "at the end")
        self.compare_with_model(catalog)
        for text, total, _ in self.reference:
            found = self.program.search(catalog, text)[0]
            if found != total:
                raise Failure(f"{catalog}: search {text!r} finds {found}, {total} in the undisturbed catalog")
        # Replaced products count in word frequencies until they are merged away, so scores are equal only then.
        self.program.run("compact", catalog)
        for text, _, answer in self.reference:
            found = self.program.search(catalog, text)
            if found != answer:
                raise Failure(f"{catalog}: search {text!r} gives {found}, the undisturbed catalog {answer}")
        self.program.run("check", catalog)
        self.verified += 1
        shutil.rmtree(catalog)
        shutil.rmtree(self.folder)
        return None

    def compare_with_model(self, catalog):
        stats = self.program.json("stats", catalog, "--json")
        if stats["products"] != len(self.end_model):
            raise Failure(f"{catalog}: {stats['products']} products, the log implies {len(self.end_model)}")
        ids = self.log.ids if self.options.full else self.random.sample(self.log.ids, min(SAMPLE, len(self.log.ids)))
        for identity in ids:
            if identity not in self.end_model:
                if self.program.run("get", catalog, identity, expect=(1, 2)).stdout.strip():
                    raise Failure(f"{catalog}: deleted product {identity} is still printed")
                continue
            product = self.program.json("get", catalog, identity)
            if product != self.end_model[identity]:
                raise Failure(f"{catalog}: product {identity} is\n{product}\nthe log implies\n"
                              f"{self.end_model[identity]}")

    def summary(self):
        return (f"{self.kills} kills, {self.completed} runs ended first, {self.progress} rounds moved the position, "
                f"{self.commits} generations, {self.verified} catalogs equal to the undisturbed one "
                f"({len(self.end_model)} products of {self.options.lines} lines), "
                f"longest reopen {self.reopen_longest_s * 1000:.0f} ms")


def main():
    parser = argparse.ArgumentParser(description="Kills `aisle index` at random moments and checks what is left.")
    parser.add_argument("aisle", help="the program")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--lines", type=int, default=12000, help="lines of the change log")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--memory", default="32M")
    parser.add_argument("--place", default=".", help="folder in which a new one is made to work in")
    parser.add_argument("--full", action="store_true", help=f"compare every product, not {SAMPLE}")
    options = parser.parse_args()
    place = os.path.abspath(tempfile.mkdtemp(prefix="crash-", dir=options.place))
    print(f"crash.py: seed {options.seed}", flush=True)
    campaign = None
    try:
        campaign = Campaign(options, place)
        campaign.run()
    except (Failure, subprocess.TimeoutExpired, KeyError) as failure:
        print(f"crash.py: FAILED: {failure!r}" if not isinstance(failure, Failure) else f"crash.py: FAILED: {failure}")
        print(f"crash.py: seed {options.seed}, kept {place}")
        return 1
    finally:
        if campaign is not None:
            print(f"crash.py: {campaign.summary()}", flush=True)
    shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
