#!/usr/bin/env python3
"""keystrokes.py - a shopper typing: every beginning of queries, some with typos, each searched as it is typed.

    keystrokes.py AISLE CATALOG [--queries N] [--typos PERCENT] [--seed N] [--facets FACET,...] [--json FILE]
                  [--save FILE] [--slowest N] [--bar P50,P99]

Queries are two to four neighbouring words of titles of the catalog's own products, of pages of what common words find.
Each beginning of a query is one search with hits and an exact total, the last word being a beginning
(`aisle_query.as_you_type`), and one completion. `aisle serve` is started for the catalog on a socket of its own; times
are those that its answers tell (took_us), of the search itself, without the network. Shown are percentiles of all
keystrokes and by length of what was typed, and how often nothing was found. --save writes the queries, one a line
(bench_keystrokes tells the processor's time of them); --slowest shows what was typed where it took longest; with --bar,
of microseconds, the exit status is 1 when searches take longer at the median or at 99 %.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time


class Client:
    """As much of RESP as a bench needs."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.ask("HELLO", "3")

    def ask(self, *arguments):
        parts = [b"*%d\r\n" % len(arguments)]
        for argument in arguments:
            data = str(argument).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(parts))
        return self.read()

    def read(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"%":
            return {self.read(): self.read() for _ in range(int(rest))}
        if kind == b"-":
            sys.exit(f"the server answers: {rest.decode()}")
        if kind == b"_":
            return None
        if kind == b"#":
            return rest == b"t"
        return float(rest) if kind == b"," else int(rest) if kind == b":" else rest.decode()


def titles(client, name, count):
    """Titles of products from all over the catalog: of pages of what common words find."""
    found = []
    for word in "the a for with black white size set pro".split():
        for offset in (0, 300, 3000):
            answer = client.ask("AISLE.SEARCH", name, word, "LIMIT", offset, 100, "TOTAL", "none", "STOPWORDS", "off")
            found += [json.loads(hit["product"]).get("title", "") for hit in answer["hits"]]
        if len(found) >= count:
            break
    return [title for title in found if len(title.split()) > 1] or sys.exit("the catalog has no titles")


def with_typo(text, random_):
    at = random_.randrange(1, len(text)) if len(text) > 1 else 0
    kind = random_.randrange(4)
    letter = random_.choice("abcdefghijklmnopqrstuvwxyz")
    if kind == 0:
        return text[:at] + text[at + 1:]
    if kind == 1:
        return text[:at] + letter + text[at:]
    if kind == 2:
        return text[:at] + letter + text[at + 1:]
    return text[:at] + text[at + 1:at + 2] + text[at:at + 1] + text[at + 2:]


def draw(source, count, typos, random_):
    queries = []
    while len(queries) < count:
        words = random_.choice(source).split()
        size = min(len(words), random_.randrange(2, 5))
        at = random_.randrange(len(words) - size + 1)
        query = " ".join(words[at:at + size])
        queries.append(with_typo(query, random_) if random_.random() * 100 < typos else query)
    return queries


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def row(name, values):
    return f"| {name} | {len(values)} | " + " | ".join(f"{percentile(values, s):,.0f}" for s in (0.5, 0.9, 0.99)) + \
        f" | {max(values):,.0f} |"


def replay(client, name, queries, facets):
    extra = [part for facet in facets for part in ("FACET", facet)]
    searches, suggestions, slow, empty = {}, [], [], 0
    for query in queries:
        for end in range(1, len(query) + 1):
            typed = query[:end]
            if not typed.strip():
                continue
            answer = client.ask("AISLE.SEARCH", name, typed, "TYPING", "LIMIT", 0, 10, *extra)
            searches.setdefault(min(end, 12), []).append(answer["took_us"])
            slow.append((answer["took_us"], answer["total"], typed))
            empty += answer["total"] == 0
            suggestions.append(client.ask("AISLE.SUGGEST", name, typed, "LIMIT", 10)["took_us"])
    return searches, suggestions, slow, empty


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aisle")
    parser.add_argument("catalog")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--typos", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--facets", default="")
    parser.add_argument("--json")
    parser.add_argument("--save")
    parser.add_argument("--slowest", type=int, default=0)
    parser.add_argument("--bar")
    arguments = parser.parse_args()
    random_ = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "socket")
        program = [arguments.aisle, "serve", f"c={arguments.catalog}", "--listen", f"unix:{path}"]
        began = time.monotonic()
        server = subprocess.Popen(program)
        try:
            while not os.path.exists(path):
                time.sleep(0.01)
                if server.poll() is not None:
                    sys.exit("the server ended")
            client = Client(path)
            client.ask("AISLE.SEARCH", "c", "", "LIMIT", 0, 1, "TOTAL", "none")
            ready = time.monotonic() - began
            queries = draw(titles(client, "c", 2000), arguments.queries, arguments.typos, random_)
            if arguments.save:
                with open(arguments.save, "w", encoding="utf-8") as out:
                    out.writelines(query + "\n" for query in queries)
            replay(client, "c", queries[:len(queries) // 10 + 1], [])  # warm
            searches, suggestions, slow, empty = replay(client, "c", queries,
                                                        [f for f in arguments.facets.split(",") if f])
        finally:
            server.terminate()
            server.wait()
    every = [us for of in searches.values() for us in of]
    print(f"ready {ready:.2f} s after the start; {len(queries)} queries, {arguments.typos} % with a typo; "
          f"{empty / len(every):.1%} of keystrokes find nothing\n")
    print("| microseconds | keystrokes | p50 | p90 | p99 | most |\n|---|---|---|---|---|---|")
    print(row("search", every))
    for end in sorted(searches):
        print(row(f"search, {end}{' and more' if end == 12 else ''} typed", searches[end]))
    print(row("completion", suggestions))
    for took, total, typed in sorted(slow, reverse=True)[:arguments.slowest]:
        print(f"{took:10,.0f} us, {total:10,.0f} found: {typed}")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump({"ready": ready, "searches": searches, "suggestions": suggestions, "empty": empty}, out)
    bars = [float(bar) for bar in arguments.bar.split(",")] if arguments.bar else []
    missed = [bar for share, bar in zip((0.5, 0.99), bars) if percentile(every, share) > bar]
    for bar in missed:
        print(f"missed: {bar:,.0f} us")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
