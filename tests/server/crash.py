#!/usr/bin/env python3
"""kill -9 of the server under writes: what was acknowledged is there, once, and retries change nothing.

    crash.py AISLE [--rounds N] [--seed S] [--seconds S] [--sums FILE]      a campaign is --rounds 1000

Several clients put, patch and delete with idempotency keys; each product belongs to one client. In each round the
server is killed at a random moment, now and then also while it starts; the next one must have every acknowledged write.
What was under way is sent again with its key: whether it had been done before or not, it must be done once, which the
log's lines tell at the end. With --seconds no round begins later, and with --sums a file adds up what several runs have
done, each with a seed of its own: a campaign in pieces.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time

from resp import Error, Server, request, temporary

CLIENTS = 4
PRODUCTS = 12  # of each client
KEYS_ASKED = 10000  # of each client, the last ones: the server remembers 65,536 of all


class Writer:
    """One client's products: what the server has acknowledged, and the one write that it may or may not have done."""

    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(seed * 1000 + number)
        self.known = {}     # id: price, of acknowledged writes
        self.under_way = None
        self.results = {}   # key: the answer to it
        self.count = 0
        self.failure = None

    def next_write(self):
        self.count += 1
        product = f"W{self.number}-{self.random.randrange(PRODUCTS)}"
        key = f"key-{self.number}-{self.count}"
        kind = self.random.choice(("put", "put", "patch", "delete"))
        if kind == "patch" and product in self.known:
            return ("AISLE.PATCH", product, json.dumps({"price": self.count}), key)
        if kind == "delete":
            return ("AISLE.DEL", product, None, key)
        return ("AISLE.PUT", product, json.dumps({"id": product, "title": "zebra", "price": self.count}), key)

    def send(self, client, write):
        command, product, body, key = write
        arguments = [command, "small"]
        if command != "AISLE.PUT":
            arguments.append(product)
        if body is not None:
            arguments.append(body)
        if self.random.random() < 0.05:
            return client.call(*arguments, "KEY", key, "VISIBLE")
        return client.call(*arguments, "KEY", key)

    def acknowledge(self, write, answer):
        command, product, body, key = write
        self.results[key] = answer
        if command == "AISLE.DEL":
            if (answer > 0) != (product in self.known):
                raise AssertionError(f"{write}: answered {answer}, and the product was {self.known.get(product)}")
            self.known.pop(product, None)
        else:
            self.known[product] = json.loads(body)["price"]
        self.under_way = None

    def run(self, server):
        """Writes until the server is gone."""
        try:
            client = server.client()
            if self.under_way is not None:
                self.acknowledge(self.under_way, self.send(client, self.under_way))
            recent = list(self.results)[-KEYS_ASKED:]
            for key in self.random.sample(recent, min(2, len(recent))):
                answer = client.fails("AISLE.PUT", "small", '{"id":"other"}', "KEY", key)
                if "used for another write" not in answer:
                    raise AssertionError(f"{key} is forgotten: {answer}")
            while True:
                self.under_way = self.next_write()
                self.acknowledge(self.under_way, self.send(client, self.under_way))
        except OSError:
            pass
        except (Error, AssertionError) as error:
            self.failure = error


def check(writers, server):
    client = server.client()
    client.call("AISLE.PUT", "small", '{"id":"settled"}', "VISIBLE")
    for writer in writers:
        doubtful = writer.under_way[1] if writer.under_way is not None else None
        names = [f"W{writer.number}-{i}" for i in range(PRODUCTS)]
        client.socket.sendall(b"".join(request("AISLE.GET", "small", name) for name in names))
        for product in names:
            found = client.value()
            price = None if found is None else json.loads(found)["price"]
            if product != doubtful and price != writer.known.get(product):
                raise AssertionError(f"{product}: {price}, acknowledged {writer.known.get(product)}")
    client.close()


def done_keys(path):
    """How many keys the log has: each once, numbers ascending."""
    folder = path + ".changes"
    last, keys = 0, set()
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for line in file:
                if not line.endswith("\n"):
                    break  # of the last kill
                change = json.loads(line)
                assert int(change["seq"]) > last, (change["seq"], last)
                last = int(change["seq"])
                assert change.get("key") not in keys, change["key"] + " was done twice"
                keys.add(change.get("key", last))
    return len(keys)


def kill_while_starting(server, chance):
    server.start(wait=False)
    time.sleep(chance.random() ** 2 * 0.05)
    server.kill()


def run_round(server, writers, chance):
    threads = [threading.Thread(target=writer.run, args=(server,)) for writer in writers]
    try:
        check(writers, server)
        for thread in threads:
            thread.start()
        time.sleep(chance.random() ** 3 * 0.2)
    finally:
        server.kill()
    for thread in threads:
        thread.join()
    for writer in writers:
        if writer.failure is not None:
            raise writer.failure


def run(aisle, seed, rounds, end):
    """Rounds with a catalog of their own; what they did."""
    writers = [Writer(i, seed) for i in range(CLIENTS)]
    chance = random.Random(seed)
    kills = starts = 0
    with temporary() as folder:
        path = os.path.join(folder, "small")
        subprocess.run([aisle, "create", path], check=True, stdout=subprocess.DEVNULL)
        while kills < rounds and time.monotonic() < end:
            commit_ms = str(chance.choice((1, 20, 200, 100000)))
            arguments = (aisle, folder, path, "--commit-ms", commit_ms, "--memory", "32M")
            while chance.random() < 0.2:
                kill_while_starting(Server(*arguments), chance)
                starts += 1
            run_round(Server(*arguments).start(), writers, chance)
            kills += 1
        done = done_keys(path) if kills > 0 else 0
    acknowledged = sum(len(writer.results) for writer in writers)
    assert done >= acknowledged, (done, acknowledged)
    return {"kills": kills, "while_starting": starts, "acknowledged": acknowledged, "in_log": done}


def add_up(path, seed, done):
    sums = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            sums = json.load(file)
    for name, count in done.items():
        sums[name] = sums.get(name, 0) + count
    sums["next_seed"] = seed + 1
    with open(path, "w", encoding="utf-8") as file:
        json.dump(sums, file)
    return sums


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--sums")
    arguments = parser.parse_args()
    seed = 1 if arguments.seed is None else arguments.seed
    if arguments.sums and arguments.seed is None and os.path.exists(arguments.sums):
        with open(arguments.sums, encoding="utf-8") as file:
            seed = json.load(file)["next_seed"]
    end = time.monotonic() + arguments.seconds
    done = run(os.path.abspath(arguments.aisle), seed, arguments.rounds, end)
    if arguments.sums:
        done = add_up(arguments.sums, seed, done)
    print("{kills} kills, and {while_starting} of starts; {acknowledged} acknowledged writes, {in_log} in the log: "
          "none lost, none twice".format(**done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
