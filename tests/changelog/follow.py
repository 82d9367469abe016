#!/usr/bin/env python3
"""`aisle index --follow` beside a writer that rotates, repeats and tears lines, and kill -9 of the one that follows.

    follow.py AISLE [--items N] [--changes N] [--rate R] [--kills N] [--seed S] [--place DIR] [--poll]

A stream of `aisle generate --changes` is written to a log at R changes a second (0: as fast as it goes), with the time
of writing in each, in pieces that end anywhere. The log is rotated (c.jsonl, c.jsonl.1, c.jsonl.2.gz, ...) by renaming
it, or by copying it and cutting it off; parts of it are written again, as at-least-once delivery does; aisle is killed
with SIGKILL, stopped for a while, told to flush and to reopen. In the end the catalog must equal one that was filled in
one run: as many products, the same answers, the same products, and no change may have been passed over or rejected.
Freshness, memory and file size are printed as JSON. The place is kept when something fails. Exit status: 0, or 1 when a
check failed.
"""
import argparse
import datetime
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TIME = re.compile(rb'"time":"[^"]*"')
WAIT_S = 120


class Failure(Exception):
    """A check that did not hold."""


def call(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.decode()}")
    return done.stdout


class Log:
    """The log that is followed, and its rotations."""

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, "c.jsonl")
        self.rotations = 0

    def write(self, data):
        with open(self.path, "ab") as file:
            file.write(data)

    def rotate(self):
        for number in range(self.rotations, 0, -1):
            for end in ("", ".gz"):
                old = f"{self.path}.{number}{end}"
                if os.path.exists(old):
                    os.rename(old, f"{self.path}.{number + 1}{end}")
        self.rotations += 1
        if self.rotations % 2 == 0:
            shutil.copyfile(self.path, self.path + ".1")
            os.truncate(self.path, 0)
        else:
            os.rename(self.path, self.path + ".1")
        second = self.path + ".2"
        if os.path.exists(second):
            with open(second, "rb") as file, gzip.open(os.path.join(self.folder, ".packing"), "wb") as packed:
                packed.write(file.read())
            os.rename(os.path.join(self.folder, ".packing"), second + ".gz")
            os.unlink(second)


class Indexer:
    """aisle index --follow, started again when it was killed."""

    def __init__(self, options, catalog, place):
        self.options, self.catalog, self.place = options, catalog, place
        self.process = None

    def start(self):
        command = [self.options.aisle, "index", self.catalog, os.path.join(self.place, "log"), "--follow", "--json",
                   "--report", "1", "--memory", "64M"] + (["--poll", "20"] if self.options.poll else [])
        with open(os.path.join(self.place, "reports"), "ab") as out, \
             open(os.path.join(self.place, "errors"), "ab") as errors:
            self.process = subprocess.Popen(command, stdout=out, stderr=errors)

    def tell(self, number):
        if self.process.poll() is not None:
            raise Failure(f"aisle ended by itself: {open(os.path.join(self.place, 'errors')).read()[-600:]}")
        self.process.send_signal(number)

    def kill(self):
        self.tell(signal.SIGKILL)
        self.process.wait()

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            found = re.search(r"VmHWM:\s+(\d+)", file.read())
        if found is None:
            self.tell(0)
        return int(found.group(1)) * 1024


def stamped(line):
    now = datetime.datetime.now(datetime.timezone.utc)
    return TIME.sub(b'"time":"' + now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].encode() + b'Z"', line, count=1)


def feed(options, lines, log, indexer):
    """Writes the stream; returns the most memory seen."""
    pick = random.Random(options.seed)
    kills = sorted(pick.randrange(len(lines)) for _ in range(options.kills))
    rotations = sorted(pick.randrange(len(lines)) for _ in range(options.rotations))
    start = time.monotonic()
    done, written, torn, memory = 0, [], b"", 0
    while done < len(lines):
        due = len(lines) if options.rate == 0 else int((time.monotonic() - start) * options.rate)
        count = min(due - done, len(lines) - done, 2000)
        if count <= 0:
            time.sleep(min(0.005, 1 / options.rate))
            continue
        data = torn + b"".join(stamped(line) for line in lines[done:done + count])
        if pick.random() < 0.05:  # delivered again
            data += b"".join(pick.sample(written, min(len(written), 20)))
        cut = len(data) - (pick.randrange(60) if pick.random() < 0.2 else 0)
        log.write(data[:cut])
        torn = data[cut:]
        written = (written + lines[done:done + count])[-5000:]
        done += count
        if rotations and rotations[0] < done and not torn:
            del rotations[0]
            log.rotate()
        if kills and kills[0] < done:
            del kills[0]
            indexer.kill()
            indexer.start()
        if pick.random() < 0.05:  # it sees nothing of the next steps until they are done
            indexer.tell(signal.SIGSTOP)
        if pick.random() < 0.1:
            indexer.tell(signal.SIGCONT)
        if pick.random() < 0.02:
            time.sleep(0.02 if options.rate == 0 else 0)
            indexer.tell(pick.choice((signal.SIGUSR1, signal.SIGHUP)) if ready(indexer) else 0)
        memory = max(memory, indexer.memory())
    log.write(torn)
    indexer.tell(signal.SIGCONT)
    return memory


def ready(indexer):
    """Whether the program catches signals yet."""
    with open(f"/proc/{indexer.process.pid}/status", encoding="ascii") as file:
        caught = int(re.search(r"SigCgt:\s+(\w+)", file.read()).group(1), 16)
    return caught & (1 << (signal.SIGUSR1 - 1)) != 0


def wait_for(options, catalog, seq):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        stats = json.loads(call(options.aisle, "stats", catalog, "--json"))
        if stats["log"]["seq"] == seq:
            return
        time.sleep(0.1)
    raise Failure(f"the last change, {seq}, did not arrive: {stats['log']}")


def compare(options, catalog, reference, ids):
    a, b = (json.loads(call(options.aisle, "stats", path, "--json")) for path in (catalog, reference))
    if a["products"] != b["products"]:
        raise Failure(f"{a['products']} products, {b['products']} in the reference")
    for identity in random.Random(options.seed).sample(ids, min(len(ids), options.sample)):
        found = [subprocess.run([options.aisle, "get", path, identity], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=False) for path in (catalog, reference)]
        # A patched number may read 284.2 where a product that was put reads 284.20.
        products = [json.loads(done.stdout) if done.returncode == 0 else None for done in found]
        if products[0] != products[1]:
            raise Failure(f"{identity}: {products[0]}, {products[1]} in the reference")


def run(options, place):
    catalog, reference = os.path.join(place, "shop"), os.path.join(place, "reference")
    items, stream = os.path.join(place, "items.jsonl"), os.path.join(place, "changes.jsonl")
    for path, more in ((items, []), (stream, ["--changes", str(options.changes)])):
        with open(path, "wb") as file:
            file.write(call(options.aisle, "generate", "--items", str(options.items), "--seed", str(options.seed),
                            *more))
    with open(stream, "rb") as file:
        lines = file.readlines()
    for path in (catalog, reference):
        call(options.aisle, "create", path)
        call(options.aisle, "index", path, items)
    call(options.aisle, "index", reference, stream)
    log = Log(os.path.join(place, "log"))
    os.mkdir(log.folder)
    indexer = Indexer(options, catalog, place)
    indexer.start()
    start = time.monotonic()
    memory = feed(options, lines, log, indexer)
    wait_for(options, catalog, str(len(lines)))
    seconds = time.monotonic() - start
    indexer.tell(signal.SIGTERM)
    if indexer.process.wait(timeout=WAIT_S) != 0:
        raise Failure("aisle did not end well")
    if os.path.exists(catalog + ".rejects.jsonl"):
        with open(catalog + ".rejects.jsonl", encoding="utf-8") as file:
            raise Failure("a reject: " + file.readline()[:500])
    ids = sorted({re.search(rb'"id":"(P\d+)"', line).group(1).decode() for line in lines})
    compare(options, catalog, reference, ids)
    with open(os.path.join(place, "reports"), encoding="utf-8") as file:
        reports = [json.loads(line) for line in file]
    last = reports[-1]
    size = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(catalog) for name in names)
    return {"changes": len(lines), "seconds": round(seconds, 1), "rate": round(len(lines) / seconds),
            "repeats": last["repeats"], "commits": last["commits"], "arrival": last["arrival"], "event": last["event"],
            "memory": memory, "bytes": size, "rotations": log.rotations, "kills": options.kills}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aisle")
    parser.add_argument("--items", type=int, default=3000)
    parser.add_argument("--changes", type=int, default=6000)
    parser.add_argument("--rate", type=int, default=4000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--rotations", type=int, default=4)
    parser.add_argument("--sample", type=int, default=80)
    parser.add_argument("--poll", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place")
    options = parser.parse_args()
    options.aisle = os.path.abspath(options.aisle)
    place = tempfile.mkdtemp(prefix="aisle-follow-", dir=options.place)
    try:
        summary = run(options, place)
    except Failure as failure:
        print(f"FAILED: {failure}\nwhat is left: {place}")
        return 1
    print(json.dumps(summary))
    shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
