#!/usr/bin/env python3
"""`aisle index --follow` for half an hour beside a server: memory and file flat, no leaked readers, counts exact.

    follow.py AISLE [--seconds N] [--items N] [--rate R] [--searches R] [--seed S] [--place DIR]

`aisle generate --changes` is written to a log at R changes a second, which is rotated now and then; one process follows
it, a server reads the same catalog and is asked R searches a second. Twenty times the stream stops until all of it is
committed: then as many products are there as a model of the changes says, a sample of them is as the model has it,
no reader is behind, and memory and size are noted. Printed are the samples and the freshness; the verdict compares the
last quarter with the second: the heap that is in use, which Aisle counts, may have grown by a tenth and 1 MiB, the file
for each product by a quarter. What a process has (RssAnon) is more: merges of larger segments need more for a moment,
glibc keeps what they have freed, and caches are first touched when they fill. That of the follower must stay within a
tenth of the memory it was given, that of the server may have grown by a tenth and 4 MiB. A run of less
than a minute is judged by the counts alone. Exit status: 0, or 1 when something does not hold.
"""
import argparse
import datetime
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TIME = re.compile(r'"time":"[^"]*"')
STOPS = 20
JUDGED_S = 60
ROTATE_LINES = 20000
KEPT_FILES = 3
CAUGHT_UP_S = 120
MEMORY_MIB = 64
WORDS = ["usb", "case", "black", "lamp", "wireless", "shoes", "red running", "phone case", "ultra thin", "smartphone"]


class Failure(Exception):
    """A check that did not hold."""


def anonymous_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1)) * 1024


def size_of(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


class Client:
    """Asks the server, one request behind the other."""

    def __init__(self, port):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.file = self.socket.makefile("rwb")
        self.took_ms = []

    def send(self, *words):
        self.file.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        self.file.flush()

    def heap_bytes(self):
        self.send(b"INFO")
        text = self.file.read(int(self.file.readline()[1:]) + 2).decode()
        return int(re.search(r"used_memory:(\d+)", text).group(1))

    def search(self, text):
        begun = time.monotonic()
        self.send(b"AISLE.SEARCH", b"shop", text.encode(), b"LIMIT", b"0", b"3")
        if self.skip() == b"-":
            raise Failure("the server answers with an error")
        self.took_ms.append((time.monotonic() - begun) * 1000)

    def skip(self):
        """Passes over one value of RESP2; returns its kind."""
        line = self.file.readline()
        kind = line[:1]
        if kind == b"*":
            for _ in range(int(line[1:])):
                self.skip()
        elif kind == b"$" and int(line[1:]) >= 0:
            self.file.read(int(line[1:]) + 2)
        elif kind == b"":
            raise Failure("the server has closed the connection")
        return kind


class Soak:
    def __init__(self, options, place):
        self.options, self.place = options, place
        self.random = random.Random(options.seed)
        self.log = os.path.join(place, "log")
        self.catalog = os.path.join(place, "shop")
        self.products = {}
        self.written = self.in_file = 0
        self.samples = []
        self.processes = []

    def call(self, *arguments):
        done = subprocess.run([self.options.aisle, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode != 0:
            raise Failure(f"aisle {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout.decode()

    def start(self):
        os.mkdir(self.log)
        base = self.call("generate", "--items", str(self.options.items))
        with open(os.path.join(self.place, "base.jsonl"), "w", encoding="utf-8") as file:
            file.write(base)
        for line in base.splitlines():
            product = json.loads(line)
            self.products[product["id"]] = product
        self.call("index", self.catalog, os.path.join(self.place, "base.jsonl"))
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
        self.reports = os.path.join(self.place, "reports")
        out = open(self.reports, "wb")
        errors = open(os.path.join(self.place, "errors"), "wb")
        for command in (["index", self.catalog, self.log, "--follow", "--json", "--report", "5", "--threads", "2",
                         "--memory", f"{MEMORY_MIB}M"],
                        ["serve", "shop=" + self.catalog, "--listen", f"127.0.0.1:{port}"]):
            self.processes.append(subprocess.Popen([self.options.aisle, *command], stdout=out, stderr=errors))
            time.sleep(0.5)  # the server is for reading only where another writes already
        self.client = Client(port)

    def lines(self):
        """The stream, without end: each piece is made from a seed of its own and numbered behind the last."""
        number = 0
        for seed in range(1, 1 << 30):
            made = subprocess.Popen([self.options.aisle, "generate", "--items", str(self.options.items), "--changes",
                                     "200000", "--seed", str(self.options.seed * 1000 + seed)],
                                    stdout=subprocess.PIPE, text=True, encoding="utf-8")
            for line in made.stdout:
                change = json.loads(line)
                if change["op"] == "patch" and change["id"] not in self.products:
                    continue  # deleted by a piece before
                number += 1
                change["seq"] = number
                yield change
            made.wait()

    def apply(self, change):
        if change["op"] == "put":
            self.products[change["product"]["id"]] = change["product"]
        elif change["op"] == "delete":
            self.products.pop(change["id"], None)
        else:
            product = self.products[change["id"]]
            for name, value in change["fields"].items():
                if value is None:
                    product.pop(name, None)
                else:
                    product[name] = value

    def write(self, changes):
        path = os.path.join(self.log, "c.jsonl")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        with open(path, "a", encoding="utf-8") as file:
            for change in changes:
                change["time"] = now
                file.write(json.dumps(change, ensure_ascii=False, separators=(",", ":")) + "\n")
        self.written += len(changes)
        self.in_file += len(changes)
        if self.in_file >= ROTATE_LINES:
            for number in range(KEPT_FILES, 0, -1):
                old = path if number == 1 else f"{path}.{number - 1}"
                if os.path.exists(old):
                    os.rename(old, f"{path}.{number}")
            self.in_file = 0

    def last_report(self):
        with open(self.reports, encoding="utf-8") as file:
            lines = file.read().split("\n")
        return json.loads(lines[-2]) if len(lines) > 1 else {}

    def expect_alive(self):
        for process in self.processes:
            if process.poll() is not None:
                with open(os.path.join(self.place, "errors"), encoding="utf-8") as file:
                    raise Failure(f"a process has ended: {file.read()[-600:]}")

    def catch_up(self, seq):
        deadline = time.monotonic() + CAUGHT_UP_S
        while True:
            stats = json.loads(self.call("stats", self.catalog, "--json"))
            if str(stats["log"]).find(f"'seq': '{seq}'") >= 0 or stats["log"].get("seq") == str(seq):
                return stats
            self.expect_alive()
            if time.monotonic() > deadline:
                raise Failure(f"the last change, {seq}, is not committed: {stats['log']}")
            time.sleep(0.05)

    def stop(self, seq, seconds):
        """The stream stands: all is compared and noted."""
        stats = self.catch_up(seq)
        if stats["products"] != len(self.products):
            raise Failure(f"{stats['products']} products, the model has {len(self.products)}")
        behind = stats["long_readers"]
        if behind:
            raise Failure(f"readers are behind: {behind}")
        for identity in self.random.sample(sorted(self.products), 20):
            product = json.loads(self.call("get", self.catalog, identity))
            if product != self.products[identity]:
                raise Failure(f"{identity} is\n{product}\nthe changes make\n{self.products[identity]}")
        self.samples.append({"seconds": round(seconds), "follower": anonymous_bytes(self.processes[0].pid),
                             "server": anonymous_bytes(self.processes[1].pid),
                             "follower_heap": self.last_report().get("memory"),
                             "server_heap": self.client.heap_bytes(), "file": size_of(self.catalog),
                             "products": stats["products"], "segments": stats.get("segments")})
        print("follow.py:", json.dumps(self.samples[-1]), flush=True)

    def run(self):
        options = self.options
        begun = time.monotonic()
        lines = self.lines()
        change = None
        searched = 0
        for part in range(1, STOPS + 1):
            end = options.seconds * part / STOPS
            started, sent = time.monotonic(), 0
            while time.monotonic() - begun < end:
                due = int((time.monotonic() - started) * options.rate) - sent
                batch = []
                for _ in range(max(due, 0)):
                    change = next(lines)
                    self.apply(change)
                    batch.append(change)
                self.write(batch)
                sent += len(batch)
                while searched < (time.monotonic() - begun) * options.searches:
                    self.client.search(self.random.choice(WORDS))
                    searched += 1
                time.sleep(0.01)
            if change is not None:
                self.stop(change["seq"], time.monotonic() - begun)
        self.verdict(time.monotonic() - begun)

    def verdict(self, seconds):
        took = sorted(self.client.took_ms)
        print("follow.py:", json.dumps({
            "changes": self.written, "searches": len(took), "search_p50_ms": round(took[len(took) // 2], 2),
            "search_p99_ms": round(took[len(took) * 99 // 100], 2), "last_report": self.last_report()}))
        if seconds < JUDGED_S:
            return
        second, last = self.samples[STOPS // 4:STOPS // 2], self.samples[-STOPS // 4:]
        # Of the heap the least counts: the rest of a moment is a merge under way.
        for what, more, of in (("follower_heap", 1 << 20, min), ("server_heap", 1 << 20, min),
                               ("server", 4 << 20, max)):
            before, now = (of(sample[what] for sample in part) for part in (second, last))
            if now > before * 1.1 + more:
                raise Failure(f"memory of the {what} has grown from {before >> 10} to {now >> 10} KiB")
        most = max(sample["follower"] for sample in self.samples)
        if most > MEMORY_MIB * 1.1 * (1 << 20):
            raise Failure(f"the follower has {most >> 20} MiB, it was given {MEMORY_MIB}")
        before, now = (max(sample["file"] / sample["products"] for sample in part) for part in (second, last))
        if now > before * 1.25:
            raise Failure(f"the file has grown from {before:.0f} to {now:.0f} bytes a product")

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--items", type=int, default=20000)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--searches", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place", default=None)
    options = parser.parse_args()
    options.aisle = os.path.abspath(options.aisle)
    place = tempfile.mkdtemp(prefix="aisle-soak-", dir=options.place)
    soak = Soak(options, place)
    try:
        soak.start()
        soak.run()
    except (Failure, OSError, KeyError, ValueError) as failure:
        print(f"follow.py: FAILED: {failure if isinstance(failure, Failure) else repr(failure)}; kept {place}")
        return 1
    finally:
        soak.end()
    shutil.rmtree(place)
    print("follow.py: counts equal, memory and file flat")
    return 0


if __name__ == "__main__":
    sys.exit(main())
