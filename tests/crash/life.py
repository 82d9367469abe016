#!/usr/bin/env python3
"""Kills the program at random moments of a catalog's whole life: create, index, compact, backup; round after round.

    life.py AISLE [--rounds N] [--jobs N] [--seed S] [--lines N] [--place DIR] [--full]

The change log, its model and what is checked after each kill are crash.py's. A round is one step of the life, killed:
    create   the catalog is whole or not there
    index    of what the log has grown by, with one thread or two: the state of some commit, old or newer
    compact  products and position are as before
    backup   the copy is whole or not there; a whole one is the catalog of the last commit, as it was
Steps, moments and numbers of threads are chosen by the seed. A kill falls at any moment that the step lasts, or a
little after its n-th write to the catalog, which is where commits and merges are; what the process was doing then is
read from /proc and counted. When the log is used up, the catalog is compared with the model and with one built in one
undisturbed run, and the next life begins. Even jobs live with one shard, odd ones with four; with one job, half of the
rounds each. A failure keeps its folder. Exit status: 0, or 1 when a check failed.
"""
import argparse
import collections
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import crash
from crash import Campaign, Failure, newest_change, tail

crash.SAMPLE = 40
REOPEN_MAX_S = 1.0
SYSCALLS = {"1": "write", "18": "write", "20": "write", "296": "write", "74": "sync", "75": "sync", "26": "sync",
            "0": "read", "17": "read", "9": "map", "11": "map", "12": "map", "202": "wait", "77": "truncate",
            "82": "rename", "83": "mkdir", "87": "unlink", "257": "open"}

CHANGING = ("sync", "write", "truncate", "rename")


def doing(pid):
    """What the threads of the process are in the middle of: the call of the system that says most, or computing."""
    found = set()
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/syscall", encoding="ascii") as file:
                number = file.read().split()[0]
            found.add(SYSCALLS.get(number, "computing" if number == "running" else "other"))
    except (OSError, IndexError):
        return "gone"
    for kind in CHANGING + ("computing",):
        if kind in found:
            return kind
    return sorted(found)[0] if found else "gone"


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


class Life(Campaign):
    """One job's rounds, in a folder of its own."""

    def __init__(self, options, place):
        super().__init__(options, place)
        self.struck = collections.Counter()  # (step, what it was doing)
        self.ended = collections.Counter()   # steps that came to their end before the kill
        self.step_s = {"create": 0.02, "index": 0.1, "compact": 0.15, "backup": 0.1}
        self.backups = 0

    def run(self):
        self.build_reference()
        self.step_s["index"] = self.run_s
        catalog, number = None, 0
        for done in range(self.options.rounds):
            when = f"round {done + 1}"
            if catalog is None:
                number += 1
                path = os.path.join(self.place, f"catalog-{number}")
                catalog = path if self.create_step(path) else None
                continue
            step = self.random.choices(("index", "compact", "backup"), (7, 2, 2))[0]
            if step == "index":
                self.grow(int(self.random.uniform(0.02, 0.3) * self.log_bytes))
                whole = self.shown_bytes == self.log_bytes
                threads = str(self.random.choice((1, 2)))
                finished = self.kill_in("index", catalog, "index", catalog, self.folder, "--memory",
                                        self.options.memory, "--threads", threads)
                self.check_left(catalog, when)
                if finished and whole:
                    catalog = self.close_cycle(catalog)
            elif step == "compact":
                self.unchanged(catalog, when, lambda: self.kill_in("compact", catalog, "compact", catalog))
            else:
                self.unchanged(catalog, when, lambda: self.backup_step(catalog))
            if self.reopen_longest_s > REOPEN_MAX_S:
                raise Failure(f"{when}: {catalog}: opening took {self.reopen_longest_s:.2f} s")
        if catalog is not None:
            self.close_cycle(catalog)

    def create_step(self, catalog):
        """Whether the catalog is there; then it is empty and sound."""
        finished = self.kill_in("create", self.place, "create", catalog, "--shards", str(self.options.shards))
        for name in os.listdir(self.place):
            if ".creating-" in name:
                shutil.rmtree(os.path.join(self.place, name))
        if not os.path.exists(catalog):
            if finished:
                raise Failure(f"{catalog}: create has ended well, but there is nothing")
            return False
        self.folder = catalog + "-log"
        self.shown_bytes = 0
        self.position, self.generation = (-1, 0), 0
        self.check_left(catalog, "after create")
        return True

    def backup_step(self, catalog):
        copy = catalog + "-copy"
        before = self.program.json("stats", catalog, "--json")
        finished = self.kill_in("backup", self.place, "backup", catalog, copy)
        if os.path.exists(copy):
            self.program.run("check", copy)
            after = self.program.json("stats", copy, "--json")
            if (after["products"], after["log"]) != (before["products"], before["log"]):
                raise Failure(f"{copy}: {after['products']} products at {after['log']}, the catalog has "
                              f"{before['products']} at {before['log']}")
            if self.shown_bytes > 0 and self.random.random() < 0.3:
                self.program.run("index", copy, self.folder, "--memory", self.options.memory)
                self.program.run("check", copy)
            self.backups += 1
            shutil.rmtree(copy)
        elif finished:
            raise Failure(f"{copy}: backup has ended well, but there is nothing")
        for name in os.listdir(self.place):
            if name.startswith(os.path.basename(copy)):
                remove(os.path.join(self.place, name))

    def unchanged(self, catalog, when, step):
        before = self.program.json("stats", catalog, "--json")
        step()
        self.check_left(catalog, when)
        after = self.program.json("stats", catalog, "--json")
        if (after["products"], after["log"]) != (before["products"], before["log"]):
            raise Failure(f"{when}: {catalog}: {after['products']} products at {after['log']}, before "
                          f"{before['products']} at {before['log']}")

    def kill_in(self, step, watched, *arguments):
        """Runs the program and kills it; whether it came to its end before that."""
        process = subprocess.Popen([self.program.path, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        begun = time.monotonic()
        kind = self.random.random()
        if kind < 0.1 or (step == "create" and kind < 0.4):
            process.wait()
        elif kind < 0.5:
            self.wait(process, begun + self.random.uniform(0, 1.2 * self.step_s[step]))
        elif kind < 0.75:
            self.wait_for_call(process, self.random.randint(1, 12))
        else:
            self.wait_for_writes(process, watched, self.random.choice((1, 1, 2, 3, 5, 8)))
            self.wait(process, time.monotonic() + self.random.choice((0, self.random.uniform(0, 0.01))))
        at = doing(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        error = process.communicate()[1]
        if process.returncode == -signal.SIGKILL:
            self.kills += 1
            self.struck[step, at] += 1
            return False
        if process.returncode != 0:
            raise Failure(f"aisle {' '.join(arguments)} ended with status {process.returncode}: {tail(error)}")
        self.ended[step] += 1
        self.completed += 1
        self.step_s[step] = 0.8 * self.step_s[step] + 0.2 * (time.monotonic() - begun)
        return True

    @staticmethod
    def wait_for_call(process, count):
        """Until it is seen count times in a call that changes files: there it is struck inside a commit."""
        while count > 0 and process.poll() is None:
            count -= doing(process.pid) in CHANGING

    @staticmethod
    def wait_for_writes(process, watched, count):
        seen = newest_change(watched)
        while count > 0 and process.poll() is None:
            now = newest_change(watched)
            count -= now != seen
            seen = now
            time.sleep(0.0003)

    def summary(self):
        struck = collections.Counter()
        for (step, at), times in self.struck.items():
            struck[step] += times
        lines = [super().summary() + f", {self.backups} backups whole"]
        for step in sorted(struck):
            where = ", ".join(f"{at} {times}" for (of, at), times in self.struck.most_common() if of == step)
            lines.append(f"  {step}: {struck[step]} kills ({where}), {self.ended[step]} ended first")
        return "\n".join(lines)


def live(options, job, shards, rounds):
    """One job; 0 or 1."""
    mine = argparse.Namespace(**vars(options))
    mine.seed, mine.shards, mine.rounds = options.seed + 7919 * job, shards, rounds
    place = os.path.abspath(tempfile.mkdtemp(prefix="life-", dir=options.place))
    begun = time.monotonic()
    life = None
    failed = False
    try:
        life = Life(mine, place)
        life.run()
    except (Failure, subprocess.TimeoutExpired, KeyError, OSError) as failure:
        failed = True
        print(f"life.py: FAILED: {failure if isinstance(failure, Failure) else repr(failure)}\n"
              f"life.py: --seed {options.seed}, job {job}, kept {place}", flush=True)
    summary = life.summary() if life is not None else ""
    print(f"life.py: job {job}, seed {mine.seed}, {shards} shards, {rounds} rounds, "
          f"{(time.monotonic() - begun) / max(rounds, 1):.2f} s each: {summary}", flush=True)
    if not failed:
        shutil.rmtree(place)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Kills the program at random moments of a catalog's life.")
    parser.add_argument("aisle", help="the program")
    parser.add_argument("--rounds", type=int, default=16, help="of all jobs together")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--lines", type=int, default=2500, help="lines of the change log")
    parser.add_argument("--memory", default="32M")
    parser.add_argument("--place", default=".", help="folder in which new ones are made to work in")
    parser.add_argument("--full", action="store_true", help="compare every product")
    options = parser.parse_args()
    print(f"life.py: seed {options.seed}", flush=True)
    parts = max(options.jobs, 2)
    tasks = [(options, job, 1 if job % 2 == 0 else 4, options.rounds // parts) for job in range(parts)]
    with multiprocessing.Pool(options.jobs) as pool:
        failures = pool.starmap(live, tasks, chunksize=1)
    return 1 if any(failures) else 0


if __name__ == "__main__":
    sys.exit(main())
