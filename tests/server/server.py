#!/usr/bin/env python3
"""The server as clients see it: commands, order, limits, writes, reload, the end.

    server.py AISLE [--only NAME]...   runs all checks, or those whose names contain NAME

Each check starts servers of its own, on Unix sockets in a temporary folder. Nothing here waits for a fixed time to pass
except where a timeout itself is what is tested.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from resp import Client, Error, Server, free_port, make_catalog, pairs, request, temporary

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class World:
    """What the checks share: the program, and a small catalog that none of them writes to."""

    def __init__(self, aisle, folder, sync):
        self.aisle = aisle
        self.sync = None if sync is None else os.path.abspath(sync)
        self.folder = folder
        self.shop = make_catalog(aisle, folder, "shop", 2000)
        self.count = 0
        self.one_product = os.path.join(folder, "one.jsonl")
        with open(self.one_product, "w", encoding="utf-8") as file:
            file.write('{"id":"one","title":"zebra"}\n')
        with open(aisle, "rb") as file:
            program = file.read()
        self.is_sanitized = b"__asan_init" in program or b"__tsan_init" in program

    def place(self):
        self.count += 1
        path = os.path.join(self.folder, f"place{self.count}")
        os.mkdir(path)
        return path

    def server(self, *arguments, **options):
        return Server(self.aisle, self.place(), *arguments, **options)

    def empty(self, folder, name="small"):
        path = os.path.join(folder, name)
        subprocess.run([self.aisle, "create", path], check=True, stdout=subprocess.DEVNULL)
        return path

    def cli(self, *arguments):
        return subprocess.run([self.aisle, *arguments], capture_output=True, text=True, check=False)


def equal(got, wanted, what=""):
    assert got == wanted, f"{what}: {got!r} is not {wanted!r}"


def has(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


def closed(client):
    """Whether the server has closed the connection, possibly behind an answer."""
    try:
        while client.socket.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def ids(answer):
    return [hit["id"] for hit in answer["hits"]]


# ------------------------------------------------------------------------------------------------------ commands

@check
def connecting(world):
    with world.server(world.shop) as server:
        two = server.client()
        equal(two.call("PING"), "PONG")
        equal(two.call("ping", "a\r\nb"), b"a\r\nb")
        equal(two.call("ECHO", ""), b"")
        equal(two.call("SELECT", 0), "OK")
        has(two.fails("SELECT", 1), "DB index is out of range")
        equal(two.call("CLIENT", "SETINFO", "LIB-NAME", "x"), "OK")
        equal(two.call("CLIENT", "GETNAME"), None)
        equal(two.call("CLIENT", "SETNAME", "me"), "OK")
        equal(two.call("CLIENT", "GETNAME"), b"me")
        has(two.fails("CLIENT", "SETNAME", "a b"), "cannot contain spaces")
        has(two.fails("CLIENT", "KILL", "x"), "unknown subcommand")
        equal(two.call("COMMAND"), [])
        equal(two.call("COMMAND", "DOCS"), [])
        equal(two.call("CONFIG", "GET", "save"), [])
        has(two.call("INFO").decode(), "redis_version:")
        equal(two.call("DBSIZE"), 2000)
        has(two.fails("NONSENSE", 1), "ERR unknown command 'NONSENSE'")
        has(two.fails("ECHO"), "ERR wrong number of arguments for 'ECHO' command")
        has(two.fails("HELLO", 4), "NOPROTO")
        has(two.fails("AUTH", "x"), "without any password")
        greeting = two.call("HELLO", 3, "SETNAME", "you")
        equal(greeting["proto"], 3)
        equal(greeting["server"], b"aisle")
        equal(two.call("CLIENT", "GETNAME"), b"you")
        equal(two.call("CLIENT", "ID"), greeting["id"])
        equal(two.call("CONFIG", "GET", "save"), {})
        equal(two.call("RESET"), "RESET")
        equal(two.call("CONFIG", "GET", "save"), [])
        equal(two.call("QUIT"), "OK")
        closed(two)


@check
def lines_and_browsers(world):
    with world.server(world.shop) as server:
        client = server.client()
        client.socket.sendall(b"\r\nPING\r\nECHO \"a b\"\nAISLE.GET shop 'none'\r\n")
        equal([client.read() for _ in range(3)], ["PONG", b"a b", None])
        client.socket.sendall(b"PING\r\nPOST / HTTP/1.1\r\nHost: x\r\n\r\nPING\r\n")
        equal(client.read(), "PONG")
        has(str(client.read()), "not an HTTP server")
        closed(client)
        client = server.client()
        client.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        has(str(client.read()), "unknown command 'GET'")
        has(str(client.read()), "not an HTTP server")
        closed(client)
        for broken in (b"*1\r\n$-1\r\n", b"*x\r\n", b"*99999999\r\n", b"*1\r\n$99999999\r\n", b"a \"\n"):
            client = server.client()
            client.socket.sendall(broken)
            has(str(client.read()), "Protocol error")
            closed(client)


@check
def searching(world):
    found = json.loads(world.cli("search", world.shop, "shoes", "--json", "--limit", "5").stdout)
    with world.server(world.shop) as server:
        two, three = server.client(), server.client(3)
        answer = three.call("AISLE.SEARCH", "shop", "shoes", "LIMIT", 0, 5)
        equal(answer["total"], found["total"])
        equal(answer["total_is_exact"], True)
        equal([hit["id"].decode() for hit in answer["hits"]], [hit["id"] for hit in found["hits"]])
        equal([json.loads(hit["product"]) for hit in answer["hits"]], [hit["product"] for hit in found["hits"]])
        flat = pairs(two.call("AISLE.SEARCH", "shop", "shoes", "LIMIT", 0, 5))
        equal(flat["total"], found["total"])
        equal([pairs(hit)["id"] for hit in flat["hits"]], ids(answer))
        equal([float(pairs(hit)["score"]) for hit in flat["hits"]], [hit["score"] for hit in answer["hits"]])
        equal(set(answer) - {"took_us"}, set(flat) - {"took_us"})
        cut = three.call("aisle.search", "shop", "shoes", "return", 2, "price", "id", "limit", 0, 1)["hits"][0]
        equal(list(json.loads(cut["product"])), ["price", "id"])
        equal("product" in three.call("AISLE.SEARCH", "shop", "shoes", "RETURN", 0)["hits"][0], False)
        equal(three.call("AISLE.SEARCH", "shop", "shoes", "LIMIT", 0, 0)["hits"], [])
        has(three.call("AISLE.SEARCH", "shop", "shoes", "EXPLAIN")["hits"][0]["explanation"].decode(), "{")
        cheap = three.call("AISLE.SEARCH", "shop", "", "FILTER", "price < $p", "PARAMS", 2, "p", 20, "LIMIT", 0, 100)
        assert 0 < cheap["total"] < 2000
        assert all(json.loads(hit["product"])["price"] < 20 for hit in cheap["hits"])
        several = three.call("AISLE.MSEARCH", 2, "shop", "shoes", 5, "shop", "", "LIMIT", 0, 1, 2, "none", "x")
        equal(several[0]["total"], found["total"])
        equal(several[1]["total"], 2000)
        has(str(several[2]), "NOTFOUND no catalog is called 'none'")
        product = three.call("AISLE.GET", "shop", ids(answer)[0])
        equal(json.loads(product), found["hits"][0]["product"])
        equal(three.call("AISLE.GET", "shop", "no such id"), None)
        info = three.call("AISLE.INFO", "shop")
        stats = json.loads(world.cli("stats", world.shop, "--json").stdout)
        equal(info["products"], 2000)
        equal(set(stats) - {"long_readers"} - set(info), set(), "keys of stats")
        equal(three.call("AISLE.INFO")["catalogs"], [b"shop"])


@check
def rules_and_affinities(world):
    folder = world.place()
    shop = world.empty(folder)
    with world.server(shop) as server:
        client = server.client(3)
        for number, brand in enumerate(("Acme", "Bolt", "Acme", "Zoom")):
            product = {"id": f"P{number}", "title": "Red lamp " + "x" * (number + 1), "brand": brand}
            client.call("AISLE.PUT", "small", json.dumps(product), "VISIBLE")
        search = lambda *options: client.call("AISLE.SEARCH", "small", "lamp", *options)
        equal(ids(search("AFFINITY", 4, "brand:Zoom", "0.5", "brand:Bolt", "0.25"))[:2], [b"P3", b"P1"])
        with open(os.path.join(shop, "rules.json"), "w", encoding="utf-8") as file:
            file.write('[{"id": "lamps", "query": "lamps", "pin": ["P2"], "hide": ["P0"]},'
                       ' {"id": "mobile", "context": "mobile", "boost": [{"ids": ["P3"], "weight": 9}]}]')
        equal(client.call("AISLE.RELOAD", "small"), "OK")
        answer = search()
        equal(answer["rules"], [b"lamps"])
        equal(ids(answer)[0], b"P2")
        equal([hit.get("pinned") for hit in answer["hits"]], [True, None, None])
        equal(answer["total"], 3)
        equal(ids(search("CONTEXT", "mobile"))[:2], [b"P2", b"P3"])
        equal(search("RULES", "off")["total"], 4)
        equal("rules" in search("RULES", "OFF"), False)
        has(client.fails("AISLE.SEARCH", "small", "lamp", "AFFINITY", 1, "brand:Zoom"), "it is even")
        has(client.fails("AISLE.SEARCH", "small", "lamp", "AFFINITY", 2, "brand:Zoom", "x"), "BADQUERY affinity:")
        has(client.fails("AISLE.SEARCH", "small", "lamp", "RULES", "maybe"), "ON or OFF")
        with open(os.path.join(shop, "rules.json"), "w", encoding="utf-8") as file:
            file.write('[{"hide": 5}]')
        has(client.fails("AISLE.RELOAD", "small"), "rules.json:1")
        equal(search()["rules"], [b"lamps"])


@check
def one_page_has_every_command_and_option(world):
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/server")

    def read(name):
        with open(os.path.join(source, name), encoding="utf-8") as file:
            return file.read()

    page = read("COMMANDS.md")
    for name in ("search.c", "ft.c", "ft_aggregate.c", "command.c"):
        for word in re.findall(r'\{"([A-Z._]+)", (?:take_|COMMAND_)', read(name)):
            assert re.search(rf"\b{re.escape(word)}\b", page) or word == "UNKNOWN", f"{word} of {name} is not told"
    with world.server(world.shop) as server:
        for line in server.client().call("INFO").decode().splitlines():
            if line.startswith("loop_") and "mean" not in line:
                has(page, f"`{line.split(':')[0]}`")


@check
def wrong_arguments_are_named_with_their_place(world):
    with world.server(world.shop) as server:
        client = server.client()
        for arguments, error in (
                (("shop", "x", "FOO"), "ERR unknown argument 'FOO' (argument 3)"),
                (("shop", "x", "LIMIT", 0, 1, "limit", 0, 1), "ERR argument 'limit' is given twice (argument 6)"),
                (("shop", "x", "LIMIT", 0), "ERR the count behind LIMIT is missing (argument 5)"),
                (("shop", "x", "LIMIT", "-1", 1), "must be a whole number up to 10000, not '-1' (argument 4)"),
                (("shop", "x", "LIMIT", 9999, 2), "LIMIT "),
                (("shop", "x", "RETURN", 257, *["id"] * 257), "at most 256 fields"),
                (("shop", "x", "RETURN", 5, "id"), "announces 5, but only 1 arguments follow (argument 4)"),
                (("shop", "x", "PARAMS", 1, "a"), "it is even"),
                (("shop", "x", "FILTER", "price <"), "BADQUERY"),
                (("shop", "x", "FILTER", "price < $none"), "BADQUERY"),
                (("shop", b"a\0b"), "ERR the text has a NUL byte"),
                (("none", "x"), "NOTFOUND no catalog is called 'none'"),
                (("shop", "x" * 5000), "LIMIT")):
            has(client.fails("AISLE.SEARCH", *arguments), error)
        equal(client.call("PING"), "PONG")


@check
def answers_keep_the_order_of_requests(world):
    with world.server(world.shop, "--threads", "4") as server:
        client = server.client(3)
        parts, wanted = [], []
        for i in range(700):
            if i % 7 == 0:
                parts.append(request("ECHO", i))
                wanted.append(b"%d" % i)
            elif i % 7 == 3:
                parts.append(request("AISLE.SEARCH", "shop", "", "LIMIT", i, 1, "TOTAL", "NONE"))
                wanted.append(None)
            elif i % 11 == 5:
                parts.append(request("HELLO", 3))
                wanted.append("hello")
            else:
                parts.append(request("AISLE.GET", "shop", f"missing{i}"))
                wanted.append("null")
        sender = threading.Thread(target=client.socket.sendall, args=(b"".join(parts),))
        sender.start()
        for i, want in enumerate(wanted):
            got = client.value()
            if want is None:
                equal(len(ids(got)), 1)
            elif want == "hello":
                equal(got["proto"], 3)
            elif want == "null":
                equal(got, None)
            else:
                equal(got, want, i)
        sender.join()


@check
def the_loop_searches_itself_what_is_short(world):
    def told(client, name):
        return int(client.call("INFO").decode().split(name + ":")[1].split()[0])

    with world.server(world.shop) as server:
        one = server.client(3)
        texts = ["shoes", "boots", "zebra", "", "green shoes -leather", "waterprof"]
        asks = [("AISLE.SEARCH", "shop", text, "LIMIT", 0, 5, "NOW", 1767225600000) for text in texts]
        one.socket.sendall(b"".join(request(*ask) for ask in asks))  # several at once are the pool's
        wanted = [one.value() for _ in asks]
        deadline = time.monotonic() + 60
        while told(one, "loop_searches") < 20:  # on a busy machine nothing is short
            assert time.monotonic() < deadline
            for ask, want in zip(asks, wanted):
                equal(dict(one.call(*ask), took_us=0), dict(want, took_us=0))
            equal(one.call("AISLE.GET", "shop", "none"), None)
            has(one.fails("AISLE.SEARCH", "shop", "x", "FILTER", "price <"), "BADQUERY")
        for long in (("FACET", "brand"), ("SORT", "price"), ("EXPLAIN",), ("TYPING",), ("HIGHLIGHT", 1, "title"),
                     ("LIMIT", 0, 101), ("LIMIT", 1, 100), ("GROUP", "brand", 1), ("RELAX", "ANY")):
            before = told(one, "loop_searches")
            assert one.call("AISLE.SEARCH", "shop", "shoes", *long)["total"] > 0
            equal(told(one, "loop_searches"), before, f"{long} is no short search")
        before = told(one, "loop_searches")
        assert one.call("AISLE.SEARCH", "shop", " ".join(["shoes"] * 11))["total"] > 0  # each may be corrected
        equal(told(one, "loop_searches"), before, "a text of many words is no short search")
    with temporary() as folder:
        path = world.empty(folder)
        with open(os.path.join(path, "synonyms.txt"), "w", encoding="utf-8") as file:
            file.write("".join(f"word{i}, other{i}\n" for i in range(4000)))
        with world.server(path) as server:  # whoever searches first reads these words: not the loop
            client = server.client(3)
            for _ in range(100):
                equal(client.call("AISLE.SEARCH", "small", "shoes")["total"], 0)
            equal(told(client, "loop_searches"), 0)


IDLE = (
    (("TYPOS", "off", "EDITS", 1), "EDITS is without effect beside TYPOS OFF (argument 5)"),
    (("ONEFROM", 4, "TYPOS", "off"), "ONEFROM is without effect beside TYPOS OFF (argument 3)"),
    (("TWOFROM", 4, "TYPOS", "off"), "TWOFROM is without effect beside TYPOS OFF (argument 3)"),
    (("PREFIX", 1, "TYPOS", "off"), "PREFIX is without effect beside TYPOS OFF (argument 3)"),
    (("EXPANSIONS", 1, "TYPOS", "off"), "EXPANSIONS is without effect beside TYPOS OFF (argument 3)"),
    (("DIGITS", "TYPOS", "off"), "DIGITS is without effect beside TYPOS OFF (argument 3)"),
    (("EXACT", "a", "TYPOS", "off"), "EXACT is without effect beside TYPOS OFF (argument 3)"),
    (("FEW", 3, "TYPOS", "off"), "FEW is without effect beside TYPOS OFF but for RELAX RELAXED (argument 3)"),
    (("EDITS", 1, "TWOFROM", 9), "TWOFROM is without effect beside EDITS 1 (argument 5)"),
    (("ONEFROM", 5, "TWOFROM", 4), "ONEFROM is without effect beside a smaller TWOFROM (argument 3)"),
    (("RULES", "off", "CONTEXT", "a"), "CONTEXT is without effect beside RULES OFF (argument 5)"),
    (("PLAIN",), "PLAIN is without effect beside no HIGHLIGHT (argument 3)"),
    (("LIMIT", 0, 0, "SORT", "price"), "SORT is without effect beside LIMIT n 0, which asks for no hits (argument 6)"),
    (("LIMIT", 0, 0, "FIELDS", "id"), "FIELDS is without effect beside LIMIT n 0"),
    (("LIMIT", 0, 0, "RETURN", 1, "id"), "RETURN is without effect beside LIMIT n 0"),
    (("LIMIT", 0, 0, "HIGHLIGHT", 1, "title"), "HIGHLIGHT is without effect beside LIMIT n 0"),
    (("LIMIT", 0, 0, "EXPLAIN"), "EXPLAIN is without effect beside LIMIT n 0"),
    (("LIMIT", 0, 0, "AFTER", "x"), "AFTER is without effect beside LIMIT n 0"),
    (("PARAMS", 2, "p", 5), "BADQUERY filter: there is none, but values are bound"),
    (("FILTER", "price < $p", "PARAMS", 4, "p", 5, "q", 5), "BADQUERY filter: a value is bound to $q"),
    (("PARAMS", 0), "the count behind PARAMS is 0: nothing follows (argument 4)"),
    (("AFFINITY", 0), "the count behind AFFINITY is 0: nothing follows (argument 4)"),
    (("HIGHLIGHT", 0), "the count behind HIGHLIGHT is 0: nothing follows (argument 4)"),
    (("EDITS", 0), "the edits behind EDITS must be 1 to 2 (argument 4)"),
    (("ONEFROM", 0), "the characters behind ONEFROM must be 1 to 120 (argument 4)"),
    (("TWOFROM", 0), "must be 1 to 120 (argument 4)"), (("EXPANSIONS", 0), "must be 1 to 64 (argument 4)"),
    (("FEW", 0), "must be 1 to 10000 (argument 4)"), (("NOW", 0), "must be 1 to "), (("WORK", 0), "must be 1 to "),
    (("DEADLINE", 0), "must be 1 to 3600000"), (("TOTAL", "BOUND", 0), "must be 1 to "),
    (("GROUP", "brand", 0), "must be 1 to 100 (argument 5)"),
    (("HIGHLIGHT", 1, "title", "SNIPPET", 0), "must be 1 to 10000 (argument 7)"),
    (("SORT", ""), "the field behind SORT: expected no empty text (argument 4)"),
    (("GROUP", "", 1), "expected no empty text"),
    (("FIELDS", ""), "expected no empty text"), (("CONTEXT", ""), "expected no empty text"),
    (("EXACT", ""), "expected no empty text"), (("WEIGHTS", ""), "expected no empty text"),
    (("LIKE", ""), "expected no empty text"))


@check
def options_without_effect_are_named_with_their_place(world):
    with world.server(world.shop) as server:
        client = server.client(3)
        for options, error in IDLE:
            has(client.fails("AISLE.SEARCH", "shop", "x", *options), error)
        known = client.call("AISLE.SEARCH", "shop", "", "LIMIT", 0, 1)["hits"][0]["id"]
        for options in (("TYPOS", "auto"), ("EDITS", 1), ("SYNONYMS", "on"), ("STOPWORDS", "on"), ("RELAX", "any"),
                        ("UNDERSTAND", "off"), ("FEW", 3), ("TYPING",), ("CONTEXT", "a"), ("RULES", "on")):
            has(client.fails("AISLE.SEARCH", "shop", "", "LIKE", known, *options),
                f"{options[0]} is without effect beside LIKE, which has no text (argument 5)")
        has(client.fails("AISLE.SUGGEST", "shop", "x", "LIMIT", 0), "must be 1 to 64 (argument 4)")
        has(client.fails("AISLE.SUGGEST", "shop", "x", "CONTEXT", ""), "expected no empty text (argument 4)")
        has(client.fails("FT.SUGGET", "shop", "x", "MAX", 0), "must be 1 to 64 (argument 4)")
        for options in (("FILTER", ""), ("AFTER", ""),
                        ("PREFIX", 0), ("RETURN", 0), ("GROUP", "brand", 1, "LIMIT", 0, 0),
                        ("FEW", 3, "TYPOS", "off", "RELAX", "relaxed"), ("ONEFROM", 4, "TWOFROM", 4),
                        ("FACET", "brand", "LIMIT", 0, 0), ("RULES", "off"), ("EDITS", 2, "TWOFROM", 9)):
            assert client.call("AISLE.SEARCH", "shop", "shoes", *options)["total"] > 0, options


@check
def words_and_marks(world):
    with world.server(world.shop) as server:
        client = server.client(3)
        hit = client.call("AISLE.SEARCH", "shop", "shoe", "HIGHLIGHT", 2, "title", "sku", "TAGS", "[", "]")["hits"][0]
        has(hit["highlight"]["title"].decode(), "[Shoe")
        equal(client.call("AISLE.SEARCH", "shop", "waterprof", "TYPOS", "off")["total"], 0)
        has(client.fails("AISLE.SEARCH", "shop", "x", "TYPOS", "maybe"), "TYPOS is AUTO or OFF (argument 4)")
        has(client.fails("AISLE.SEARCH", "shop", "x", "RELAX", "no"), "ALL, RELAXED or ANY")
        has(client.fails("AISLE.SEARCH", "shop", "x", "HIGHLIGHT", 1, "none"), "none")
        equal(client.call("AISLE.SEARCH", "shop", "waterprof", "EXACT", "waterprof")["total"], 0)
        equal(client.call("AISLE.SEARCH", "shop", "wattrprof", "EDITS", 1)["total"], 0)
        equal(client.call("AISLE.SEARCH", "shop", "xaterproof", "PREFIX", 1)["total"], 0)
        for options in (("EDITS", 2), ("PREFIX", 2), ("EXPANSIONS", 64), ("DIGITS",), ("EXACT", "other"),
                        ("ONEFROM", 9), ("TWOFROM", 120)):
            assert client.call("AISLE.SEARCH", "shop", "waterprof", *options)["total"] > 0, options
        has(client.fails("AISLE.SEARCH", "shop", "x", "EDITS", 3), "up to 2, not '3' (argument 4)")
        equal(client.call("AISLE.SEARCH", "shop", "waterprof", "ONEFROM", 10)["total"], 0)
        equal(client.call("AISLE.SEARCH", "shop", "wattrprof", "TWOFROM", 10)["total"], 0)
        has(client.fails("AISLE.SEARCH", "shop", "x", "EXPANSIONS", 65), "up to 64")
        has(client.fails("AISLE.SEARCH", "shop", "x", "ONEFROM", 121), "up to 120")
        marked = [client.call("AISLE.SEARCH", "shop", "shoes", "HIGHLIGHT", 1, "title", "TAGS", "<", ">", *plain)
                  ["hits"][0]["highlight"]["title"] for plain in ((), ("PLAIN",))]
        assert marked[0].startswith(marked[1][:1]) and b"<" in marked[1], marked
        for wrong, error in ((("RETURN", 1, "id", "FIELDS", "id"), "FIELDS is without effect beside RETURN"),
                             (("RETURN", 3, "id", "price", "id"), "RETURN names 'id' twice (argument 7)"),
                             (("HIGHLIGHT", 2, "title", "title"), "HIGHLIGHT names 'title' twice (argument 6)"),
                             (("SNIPPET", 3), "beside no HIGHLIGHT (argument 3)"),
                             (("TAGS", "<", ">"), "beside no HIGHLIGHT (argument 3)"),
                             (("FILTER", "price < 5 AND brand IN []"), "found \"]\" (byte 24)")):
            has(client.fails("AISLE.SEARCH", "shop", "x", *wrong), error)
        equal(client.call("AISLE.SEARCH", "shop", "shoes", "LIMIT", 10000, 0)["hits"], [])
        cut = client.call("AISLE.SEARCH", "shop", "shoes", "FIELDS", "price,id", "LIMIT", 0, 1)["hits"][0]["product"]
        equal(set(json.loads(cut)), {"id", "price"})
        equal(client.call("AISLE.SEARCH", "shop", "shoes", "WORK", 1000000).get("partial"), None)
        both = client.call("AISLE.SEARCH", "shop", "waterproof nonsensical", "RELAX", "RELAXED", "TYPOS", "off")
        assert both["total"] > 0 and both["relaxed"], both
        assert client.call("AISLE.SEARCH", "shop", "waterpr", "TYPING")["total"] > 0
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path) as server:
            client = server.client(3)
            client.call("AISLE.PUT", "small", '{"id":"A","title":"television"}', "VISIBLE")
            equal(client.call("AISLE.SEARCH", "small", "fernseher")["total"], 0)
            with open(os.path.join(path, "synonyms.txt"), "w", encoding="utf-8") as file:
                file.write("fernseher, television\n")
            equal(client.call("AISLE.RELOAD", "small"), "OK")
            found = client.call("AISLE.SEARCH", "small", "fernseher")
            equal((found["total"], found["words"][0]["by"]), (1, b"synonym"))
            equal(client.call("AISLE.SEARCH", "small", "fernseher", "SYNONYMS", "OFF")["total"], 0)
            with open(os.path.join(path, "synonyms.txt"), "w", encoding="utf-8") as file:
                file.write("a => b => c\n")
            has(client.fails("AISLE.RELOAD", "small"), "synonyms.txt")


@check
def sorting_paging_grouping_suggesting(world):
    with world.server(world.shop) as server:
        client = server.client(3)
        seen, after = [], ()
        while True:
            page = client.call("AISLE.SEARCH", "shop", "shoes", "SORT", "price:desc", "SORT", "brand", "LIMIT", 0, 7,
                               "RETURN", 1, "price", *after)
            seen += [json.loads(hit["product"])["price"] for hit in page["hits"]]
            if "cursor" not in page:
                break
            after = ("AFTER", page["cursor"])
        equal(seen, sorted(seen, reverse=True))
        equal(len(seen), page["total"])
        has(client.fails("AISLE.SEARCH", "shop", "boots", "AFTER", "nonsense"), "BADQUERY")
        groups = client.call("AISLE.SEARCH", "shop", "shoes", "GROUP", "brand", 2)
        equal(sum(group["hits"] for group in groups["groups"]), len(groups["hits"]))
        assert groups["group_total"] >= len(groups["groups"])
        multi = client.call("AISLE.SEARCH", "shop", "shoes", "FACET", "brand:2", "FACET", "price:stats")["facets"]
        equal([facet["field"] for facet in multi], [b"brand", b"price"])
        assert float(multi[1]["stats"]["min"]) <= multi[1]["stats"]["mean"]
        suggested = client.call("AISLE.SUGGEST", "shop", "sho", "LIMIT", 3)
        told = json.loads(world.cli("suggest", world.shop, "sho", "--limit", "3", "--json").stdout)
        equal([one["text"].decode() for one in suggested["suggestions"]], [one["text"] for one in told["suggestions"]])
        equal(set(suggested), set(told))
        has(client.fails("AISLE.SUGGEST", "shop", "a", "LIMIT", 3, "LIMIT", 3), "given twice (argument 5)")
        has(client.fails("AISLE.SUGGEST", "shop", "a", "MAX", 3), "unknown argument 'MAX' (argument 3)")


def maps_total(client):
    """How many shoes there are."""
    return client.call("AISLE.SEARCH", "shop", "shoes", "TYPOS", "OFF")["total"]


@check
def queries_of_redis_search(world):
    with world.server(world.shop) as server:
        two, three = server.client(), server.client(3)
        everything = two.call("FT.SEARCH", "shop", "*", "LIMIT", 0, 0)
        equal(everything, [2000])
        first = three.call("FT.SEARCH", "shop", "*", "RETURN", 1, "$")["results"][0]
        brand = json.loads(first["extra_attributes"]["$"])["brand"]
        cases = (
            ("shoes", "shoes", None),
            ("@title:shoes", "title:shoes", None),
            ("@title:(safety shoes)", "title:safety title:shoes", None),
            ("(shoes|boots) green", "shoes OR boots green", None),
            ("shoes | boots", "shoes OR boots", None),
            ("sho*", "sho*", None),
            ("\"safety shoes\"", "\"safety shoes\"", None),
            ("shoes -green", "shoes -green", None),
            ("@brand:{%s}" % brand, "", f'brand = "{brand}"'),
            ("@brand:{%s | x} shoes" % brand, "shoes", f'brand = "{brand}"'),
            ("-@brand:{%s}" % brand, "", f'NOT brand = "{brand}"'),
            ("@price:[10 20]", "", "price 10 TO 20"),
            ("@price:[(10 (20.5]", "", "price > 10 AND price < 20.5"),
            ("@price:[-inf 20]", "", "price <= 20"),
            ("@price>=100 shoes", "shoes", "price >= 100"),
            ("-@price:[10 20]", "", "NOT price 10 TO 20"))
        for theirs, text, condition in cases:
            wanted = ["AISLE.SEARCH", "shop", text] + (["FILTER", condition] if condition else [])
            equal(two.call("FT.SEARCH", "shop", theirs, "LIMIT", 0, 0, "DIALECT", 2)[0],
                  three.call(*wanted)["total"], theirs)
        bound = two.call("FT.SEARCH", "shop", "@price:[$lo $hi]", "PARAMS", 4, "lo", 10, "hi", 20, "NOCONTENT")
        equal(bound[0], three.call("AISLE.SEARCH", "shop", "", "FILTER", "price 10 TO 20")["total"])
        equal(len(bound), 11)
        rows = two.call("FT.SEARCH", "shop", "shoes", "WITHSCORES", "RETURN", 3, "title", "AS", "name", "LIMIT", 0, 2)
        equal(len(rows), 7)
        equal(rows[3][0], b"name")
        for query in ("%shoos%", "~a b", "*oes", "(a b)|c", "a | b c", "@a|b:c", "(a b)=>{$weight:2}", "@brand:{a*}",
                      "@title:(a|b c)", "$none", "(a", "@brand:{a", "@price:[1", "\"a", "@", "@title:", "a)b", "{x}"):
            has(two.fails("FT.SEARCH", "shop", query), "BADQUERY")
        for option in ("VERBATIM", "WITHPAYLOADS", "WITHSORTKEYS", "INORDER", "SCORER", "EXPLAINSCORE", "SLOP",
                       "INKEYS", "GEOFILTER", "EXPANDER", "PAYLOAD", "NONSENSE"):
            has(two.fails("FT.SEARCH", "shop", "a", option), f"'{option}' is not supported by FT.SEARCH (argument 3)")
        has(two.fails("FT.SEARCH", "shop", "a", "DIALECT", 1), "only DIALECT 2")
        has(two.fails("FT.SEARCH", "shop", "a", "LANGUAGE", "german"), "only LANGUAGE english is supported")
        equal(two.call("FT.SEARCH", "shop", "shoes", "LANGUAGE", "English", "LIMIT", 0, 0)[0], maps_total(three))

        def total(query, *options):
            return two.call("FT.SEARCH", "shop", query, *options, "LIMIT", 0, 0)[0]

        everywhere = total("green shoes", "INFIELDS", 3, "title", "description", "brand")
        equal(total("green shoes", "INFIELDS", 1, "title"), total("@title:(green shoes)"))
        equal(total("(green|shoes)", "INFIELDS", 1, "title"), total("@title:green | @title:shoes"))
        assert total("green shoes", "INFIELDS", 1, "title") <= everywhere <= total("green shoes")
        equal(total("-green shoes", "INFIELDS", 2, "title", "brand"),
              three.call("AISLE.SEARCH", "shop", "-title:green -brand:green title:shoes OR brand:shoes",
                         "TYPOS", "OFF")["total"])
        equal(total("@title:green shoes", "INFIELDS", 1, "title"), total("@title:(green shoes)"))
        has(two.fails("FT.SEARCH", "shop", "@brand:x", "INFIELDS", 1, "title"), "INFIELDS leaves out")
        has(two.fails("FT.SEARCH", "shop", "x", "INFIELDS", 0), "INFIELDS takes 1")
        has(two.fails("FT.SEARCH", "shop", "x", "INFIELDS", 1, "a:b"), "BADQUERY")
        equal(total("shoes | boots", "FILTER", "price", 0, 50), total("(shoes|boots) @price:[0 50]"))
        shown = three.call("FT.SEARCH", "shop", "shoes", "HIGHLIGHT", "LIMIT", 0, 1)["results"][0]["extra_attributes"]
        has(shown["title"].decode(), "<b>Shoe")
        shown = three.call("FT.SEARCH", "shop", "shoes", "HIGHLIGHT", "FIELDS", 1, "title", "TAGS", "[", "]",
                           "RETURN", 2, "title", "price", "LIMIT", 0, 1)["results"][0]["extra_attributes"]
        has(shown["title"].decode(), "[Shoe")
        assert float(shown["price"]) > 0
        shown = three.call("FT.SEARCH", "shop", "shoes", "SUMMARIZE", "FRAGS", 1, "LEN", 2, "RETURN", 1, "title",
                           "LIMIT", 0, 1)["results"][0]["extra_attributes"]
        assert len(shown["title"].split()) <= 3 and b"<" not in shown["title"], shown
        has(two.fails("FT.SEARCH", "shop", "a", "SUMMARIZE"), "FRAGS 1")
        has(two.fails("FT.SEARCH", "shop", "a", "SUMMARIZE", "FRAGS", 1, "SEPARATOR", "x"), "without SEPARATOR")
        has(two.fails("FT.SEARCH", "shop", "a", "HIGHLIGHT", "FIELDS", 1, "title", "SUMMARIZE", "FIELDS", 1, "brand",
                      "FRAGS", 1), "of the same fields")
        has(two.fails("FT.SEARCH", "none", "a"), "no such index: none")
        for wrong, error in ((("shoes|",), "expected a word at byte 6"), (("@none:x",), "@none: the index has no such"),
                             (("@price:x",), "no words are looked for in numbers"),
                             (("x", "INFIELDS", 1, "none"), "no such field"),
                             (("@price:[x 1]",), "@price: expected a number, not 'x'"),
                             (("x", "FILTER", "price", 1, ""), "@price: expected a number, not ''"),
                             (("@brand:{%s}" % ("b" * 1025),), "LIMIT a value has at most 1024 bytes"),
                             (("x", "PARAMS", 4, "a", 1, "a", 2), "PARAMS binds 'a' twice"),
                             (("x", "RETURN", 2, "title", "AS"), "the name behind AS is missing")):
            has(two.fails("FT.SEARCH", "shop", *wrong), error)
        equal(total("shoes under 50"), three.call("AISLE.SEARCH", "shop", "shoes under 50", "UNDERSTAND", "off",
                                                  "TYPOS", "off", "RULES", "off")["total"])
        equal(two.call("FT.SEARCH", "shop", "*", "LIMIT", 10000, 0), [2000])
        equal(two.call("FT._LIST"), [b"shop"])
        facet = three.call("AISLE.SEARCH", "shop", "shoes", "FACET", "brand:3")["facets"][0]
        rows = two.call("FT.AGGREGATE", "shop", "shoes", "GROUPBY", 1, "@brand", "REDUCE", "COUNT", 0, "AS", "n",
                        "SORTBY", 2, "@n", "DESC", "LIMIT", 0, 3, "DIALECT", 2)
        equal(rows[0], facet["distinct"])
        equal([(row[1], int(row[3])) for row in rows[1:]], [(v["value"], v["count"]) for v in facet["values"]])
        maps = three.call("FT.AGGREGATE", "shop", "shoes", "GROUPBY", 1, "@brand", "REDUCE", "COUNT", 0)
        equal(maps["results"][0]["extra_attributes"]["brand"], rows[1][1])
        count = ("REDUCE", "COUNT", 0, "AS", "n")
        for wrong in (("LOAD", 1, "@x"), ("GROUPBY", 2, "@a", "@b"), ("GROUPBY", 1, "brand"), ("APPLY", "x"), (),
                      ("FILTER", "x"), ("WITHCURSOR",), ("VERBATIM",), ("WITHSCHEMA",), ("GROUPBY", 1, "@brand"),
                      ("GROUPBY", 1, "@brand", "REDUCE", "SUM", 1, "@price"),
                      ("GROUPBY", 1, "@brand", *count, "SORTBY", 2, "@price", "ASC"),
                      ("GROUPBY", 1, "@brand", *count, "SORTBY", 4, "@n", "DESC", "@brand", "DESC"),
                      ("GROUPBY", 1, "@brand", *count, "SORTBY", 4, "@brand", "ASC", "@n", "DESC"),
                      ("GROUPBY", 1, "@brand", *count, "GROUPBY", 0),
                      ("GROUPBY", 1, "@brand", *count, *count), ("LIMIT", 0, 1, "GROUPBY", 1, "@brand", *count),
                      ("GROUPBY", 1, "@brand", *count, "LIMIT", 0, 1, "LIMIT", 0, 2),
                      ("GROUPBY", 1, "@brand", "REDUCE", "COUNT", 0, "AS", "brand"),
                      ("GROUPBY", 1, "@brand", *count, "TIMEOUT", 9, "TIMEOUT", 9)):
            has(two.fails("FT.AGGREGATE", "shop", "shoes", *wrong), "ERR")
        has(two.fails("FT.AGGREGATE", "shop", "shoes", "GROUPBY", 1, "@br:3", *count), "BADQUERY")
        two.call("FT.AGGREGATE", "shop", "shoes", "SCORER", "TFIDF", "GROUPBY", 1, "@brand", *count)
        equal(two.call("FT.AGGREGATE", "shop", "shoes", "GROUPBY", 0, *count), [1, [b"n", b"%d" % maps_total(three)]])

        def groups(*order, query="shoes", params=()):
            found = two.call("FT.AGGREGATE", "shop", query, "GROUPBY", 1, "@brand", *count, *order, *params)
            return [(row[1], int(row[3])) for row in found[1:]]

        everyone = groups("LIMIT", 0, 10000)
        equal(everyone, sorted(everyone, key=lambda row: (-row[1], row[0].lower())))
        equal(groups("SORTBY", 4, "@n", "DESC", "@brand", "ASC", "MAX", 10000), everyone)
        equal(groups("SORTBY", 2, "@n", "ASC", "LIMIT", 0, 10000), everyone[::-1])
        equal(groups("SORTBY", 1, "@brand", "LIMIT", 0, 10000), sorted(everyone, key=lambda row: row[0].lower()))
        equal(groups("SORTBY", 2, "@brand", "DESC", "LIMIT", 1, 2),
              sorted(everyone, key=lambda row: row[0].lower())[::-1][1:3])
        equal(groups(query="shoes @brand:{$b}", params=("PARAMS", 2, "b", everyone[3][0])), [everyone[3]])
        dear = two.call("FT.SEARCH", "shop", "shoes", "SORTBY", "price", "DESC", "RETURN", 1, "price")
        prices = [float(fields[1]) for fields in dear[2::2]]
        equal(prices, sorted(prices, reverse=True))
        typed = two.call("FT.SUGGET", "shop", "sho", "MAX", 3, "WITHSCORES")
        equal([text.lower().find(b"sho") >= 0 for text in typed[::2]], [True] * (len(typed) // 2))
        has(two.fails("FT.SUGGET", "shop", "a", "WITHPAYLOADS"), "'WITHPAYLOADS' is not supported")
        has(two.fails("FT.SUGGET", "shop", "a", "MAX", 65), "up to 64")
        has(two.fails("FT.SUGGET", "shop", "a", "MAX", 3, "MAX", 5), "argument 'MAX' is given twice (argument 5)")
        equal(len(two.call("FT.SUGGET", "shop", "a", "MAX", 64, "FUZZY")) <= 64, True)
        info = pairs(two.call("FT.INFO", "shop"))
        equal(info["num_docs"], 2000)
        equal(pairs(info["index_definition"])["key_type"], b"JSON")
        brands = two.call("FT.TAGVALS", "shop", "brand")
        equal(len(brands), three.call("AISLE.SEARCH", "shop", "", "FACET", "brand")["facets"][0]["distinct"])
        equal(brands, sorted(brands, key=bytes.lower))
        has(two.fails("FT.TAGVALS", "shop", "title"), "no tags: 'title'")
        has(two.fails("FT.TAGVALS", "shop", "none"), "no tags")


# ------------------------------------------------------------------------------------------- sockets, password

@check
def sockets_and_password(world):
    has(world.cli("serve", world.shop, "--listen", "0.0.0.0:7709").stderr, "password-file")
    has(world.cli("serve", world.shop, "--listen", "[::]:7709", "--check-config").stderr, "password-file")
    with temporary() as folder:
        password = os.path.join(folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write("secret\n")
        ports = [free_port(), free_port()]
        arguments = ["--listen", f"127.0.0.1:{ports[0]}", "--listen", f"[::1]:{ports[1]}", "--password-file", password]
        with world.server(world.shop, *arguments) as server:
            for address in (("127.0.0.1", ports[0]), ("::1", ports[1]), server.unix):
                client = Client(address)
                has(client.fails("PING"), "NOAUTH")
                has(client.fails("NONSENSE"), "NOAUTH")
                has(client.fails("HELLO", 3), "NOAUTH")
                has(client.fails("AUTH", "wrong"), "WRONGPASS")
                has(client.fails("AUTH", "someone", "secret"), "WRONGPASS")
                equal(client.call("AUTH", "secret"), "OK")
                equal(client.call("PING"), "PONG")
                client = Client(address)
                equal(client.call("HELLO", 3, "AUTH", "default", "secret")["proto"], 3)
                equal(client.call("AISLE.SEARCH", "shop", "shoes")["total"] > 0, True)
                client = Client(address)
                client.socket.sendall(b"*1\r\n$5000\r\n")
                has(str(client.read()), "at most 4096 bytes")
                closed(client)
                client = Client(address)
                for _ in range(8):
                    has(client.fails("AUTH", "guess"), "WRONGPASS")
                closed(client)


@check
def sockets_handed_over(world):
    """What systemd does: a listening descriptor 3, and a datagram socket to be told on."""
    place = world.place()
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(os.path.join(place, "notify"))
    told.settimeout(60)
    listening = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        ["sh", "-c", f"exec 3<&{listening.fileno()}; LISTEN_PID=$$ exec \"$0\" serve \"$1\"", world.aisle, world.shop],
        pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL,
        env=dict(os.environ, LISTEN_FDS="1", NOTIFY_SOCKET=os.path.join(place, "notify")))
    try:
        equal(told.recv(1000), b"READY=1")
        client = Client(listening.getsockname())
        equal(client.call("PING"), "PONG")
        process.send_signal(signal.SIGHUP)
        has(told.recv(1000).decode(), "RELOADING=1\nMONOTONIC_USEC=")
        equal(told.recv(1000), b"READY=1")
        process.send_signal(signal.SIGTERM)
        equal(told.recv(1000), b"STOPPING=1")
        equal(process.wait(timeout=60), 0)
    finally:
        process.kill()
        process.wait()
        told.close()
        listening.close()


@check
def systemd_takes_its_units_and_starts_it(world):
    """With systemd's own tools, where they are: its judgement of the units, and a start by the first client."""
    package = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/package")
    if shutil.which("systemd-analyze") is not None:
        with temporary() as folder:
            for name in ("aisle.service", "aisle.socket"):
                with open(os.path.join(package, name), encoding="utf-8") as file:
                    text = file.read().replace("=aisle serve", f"={world.aisle} serve").replace("=kill", "=/bin/kill")
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            ran = subprocess.run(["systemd-analyze", "verify", "--man=no", os.path.join(folder, "aisle.service"),
                                  os.path.join(folder, "aisle.socket")], capture_output=True, text=True, check=False)
            told = [line for line in ran.stderr.splitlines() if "aisle." in line]
            equal((ran.returncode, told), (0, []), "systemd-analyze verify")
    if shutil.which("systemd-socket-activate") is not None:
        port = free_port()
        process = subprocess.Popen(["systemd-socket-activate", "-l", f"127.0.0.1:{port}", world.aisle, "serve",
                                    world.shop], stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    equal(Client(("127.0.0.1", port)).call("PING"), "PONG")
                    break
                except ConnectionRefusedError:  # the tool itself is not there yet
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            equal(process.wait(timeout=60), 0)
        finally:
            process.kill()
            process.wait()


# ------------------------------------------------------------------------------------------------------ writes

@check
def writing(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path) as server:
            client = server.client(3)
            first = client.call("AISLE.PUT", "small", '{"id":"A",\n"title":"zebra"}', "KEY", "k1", "VISIBLE")
            assert first > 0
            equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 1)
            equal(client.call("AISLE.PUT", "small", '{"id":"A",\n"title":"zebra"}', "KEY", "k1"), first)
            has(client.fails("AISLE.PUT", "small", '{"id":"B"}', "KEY", "k1"), "used for another write")
            second = client.call("AISLE.PATCH", "small", "A", '{"price":3.5}', "VISIBLE")
            assert second > first
            equal(json.loads(client.call("AISLE.GET", "small", "A"))["price"], 3.5)
            equal(client.call("AISLE.DEL", "small", "none", "KEY", "k2"), 0)
            client.call("AISLE.PUT", "small", '{"id":"none"}')
            equal(client.call("AISLE.DEL", "small", "none", "KEY", "k2"), 0, "the first result")
            assert client.call("AISLE.DEL", "small", "none") > second
            has(client.fails("AISLE.PUT", "small", '{"id":'), "BADPRODUCT")
            has(client.fails("AISLE.PUT", "small", '{"title":"no id"}'), "BADPRODUCT")
            has(client.fails("AISLE.PATCH", "small", "none", '{"price":1}'), "NOTFOUND")
            has(client.fails("AISLE.PUT", "small", "{}", "KEY"), "no key behind 'KEY' (argument 3)")
            has(client.fails("AISLE.PUT", "small", "{}", "NOW"), "unknown argument 'NOW' (argument 3)")
            has(client.fails("AISLE.PUT", "none", "{}"), "NOTFOUND")
            has(client.fails("AISLE.DEL", "small", b"\xff"), "not UTF-8")
            unseen = client.call("AISLE.PUT", "small", '{"id":"C","title":"camel"}', "KEY", "k3")
            server.kill()
        with world.server(path) as server:
            client = server.client(3)
            equal(client.call("AISLE.SEARCH", "small", "camel")["total"], 1, "acknowledged before the kill")
            equal(client.call("AISLE.PUT", "small", '{"id":"C","title":"camel"}', "KEY", "k3"), unseen)
            equal(client.call("AISLE.DEL", "small", "none", "KEY", "k2"), 0)
            equal(client.call("AISLE.PUT", "small", '{"id":"A",\n"title":"zebra"}', "KEY", "k1"), first)
            parts = [request("AISLE.PUT", "small", json.dumps({"id": f"P{i}", "title": "ibex"})) for i in range(500)]
            client.socket.sendall(b"".join(parts) + request("AISLE.SEARCH", "small", "ibex"))
            numbers = [client.value() for _ in range(500)]
            equal(numbers, list(range(numbers[0], numbers[0] + 500)))
            client.value()
            client.call("AISLE.PUT", "small", '{"id":"last"}', "VISIBLE")
            equal(client.call("AISLE.SEARCH", "small", "ibex")["total"], 500)
        # The log is one that `aisle index` reads, too; a lost one does not make later writes vanish.
        again = os.path.join(folder, "again")
        equal(world.cli("create", again).returncode, 0)
        equal(world.cli("index", again, path + ".changes").returncode, 0)
        equal(json.loads(world.cli("search", again, "ibex", "--json").stdout)["total"], 500)
        for name in os.listdir(path + ".changes"):
            os.unlink(os.path.join(path + ".changes", name))
        with world.server(path) as server:
            client = server.client(3)
            assert client.call("AISLE.PUT", "small", '{"id":"L","title":"llama"}', "VISIBLE") > numbers[-1]
            equal(client.call("AISLE.SEARCH", "small", "llama")["total"], 1)
        with world.server(path) as server:
            equal(server.client(3).call("AISLE.SEARCH", "small", "llama")["total"], 1)


@check
def writes_go_on_while_commits_run(world):
    """Clients that put, patch, delete and look, with a commit nearly always under way."""
    def live(server, number, failures):
        try:
            client, model, last, random = server.client(3), {}, 0, number
            for turn in range(60):
                asks, wanted = [], []
                for _ in range(12):
                    random = (random * 1103515245 + 12345) % 2**31
                    name, kind = f"{number}-{random >> 8 & 15}", random >> 16 & 7
                    seen = ("VISIBLE",) if random >> 20 & 31 == 0 else ()
                    if kind < 5:
                        model[name] = {"id": name, "title": f"t{turn} " + "word " * 50, "price": turn}
                        asks.append(request("AISLE.PUT", "small", json.dumps(model[name]), *seen))
                        wanted.append("write")
                    elif kind == 5:
                        wanted.append("write" if name in model else "none")
                        asks.append(request("AISLE.PATCH", "small", name, json.dumps({"price": turn + 0.5}), *seen))
                        if name in model:
                            model[name]["price"] = turn + 0.5
                    else:
                        wanted.append("write" if name in model else "zero")
                        asks.append(request("AISLE.DEL", "small", name, *seen))
                        model.pop(name, None)
                client.socket.sendall(b"".join(asks))
                for want in wanted:
                    answer = client.read()
                    if want == "write":
                        assert isinstance(answer, int) and answer > last, (answer, last)
                        last = answer
                    elif want == "zero":
                        equal(answer, 0)
                    else:
                        has(str(answer), "NOTFOUND")
                if turn % 10 == 9:
                    client.call("AISLE.PUT", "small", json.dumps({"id": f"{number}-last", "price": turn}), "VISIBLE")
                    equal(json.loads(client.call("AISLE.GET", "small", f"{number}-last"))["price"], turn)
                    for i in range(16):
                        got = client.call("AISLE.GET", "small", f"{number}-{i}")
                        equal(json.loads(got) if got else None, model.get(f"{number}-{i}"), f"{number}-{i}")
        except Exception as error:  # for the main thread to report
            failures.append(error)

    with temporary() as folder:
        path, failures = world.empty(folder), []
        with world.server(path, "--commit-ms", "1") as server:
            threads = [threading.Thread(target=live, args=(server, number, failures)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            equal(failures, [])
            left = server.client(3).call("AISLE.SEARCH", "small", "", "LIMIT", 0, 1000, "RETURN", 0)
        again = os.path.join(folder, "again")
        equal(world.cli("create", again).returncode, 0)
        equal(world.cli("index", again, path + ".changes").returncode, 0)
        found = json.loads(world.cli("search", again, "", "--json", "--limit", "1000").stdout)
        equal(sorted(hit["id"] for hit in found["hits"]), sorted(hit.decode() for hit in ids(left)), "of the log alone")


@check
def a_torn_last_line_is_cut_off(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path) as server:
            server.client().call("AISLE.PUT", "small", '{"id":"A","title":"zebra"}')
            server.kill()
        name = os.path.join(path + ".changes", os.listdir(path + ".changes")[0])
        with open(name, "ab") as file:
            file.write(b'{"op":"put","seq":"2","time":"2026')
        with world.server(path) as server:
            client = server.client(3)
            equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 1)
            equal(client.call("AISLE.PUT", "small", '{"id":"B","title":"zebra"}', "VISIBLE"), 2)
            equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 2)


@check
def other_writers_get_their_turn(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path) as server:
            client = server.client()
            reader, writer = os.pipe()
            indexing = subprocess.Popen([world.aisle, "index", path, "-"], stdin=reader, stderr=subprocess.DEVNULL)
            os.close(reader)
            os.write(writer, b'{"id":"X"}\n')
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:  # until the other process is the writer
                client.send("AISLE.PUT", "small", '{"id":"A"}', "VISIBLE")
                answer = client.read()
                if isinstance(answer, Error):
                    break
                time.sleep(0.05)
                if indexing.poll() is not None:
                    break
            os.close(writer)
            indexing.wait()
            with world.server(path) as second:
                client = second.client(3)
                has(client.fails("AISLE.PUT", "small", '{"id":"A"}'), "READONLY another server writes")
                assert client.call("AISLE.SEARCH", "small", "")["total"] >= 1
                has(second.read_log(), "for reading only: another server writes the change log")


@check
def following(world):
    with temporary() as folder:
        path = world.empty(folder)
        source = os.path.join(folder, "changes")
        os.mkdir(source)
        with world.server(path, "--follow", source) as server:
            client = server.client(3)
            has(client.fails("AISLE.PUT", "small", '{"id":"A"}'), "READONLY")
            for i in range(3):
                with open(os.path.join(source, "1.jsonl"), "a", encoding="utf-8") as file:
                    file.write(json.dumps({"id": f"P{i}", "title": "zebra"}) + "\n")
                deadline = time.monotonic() + 60
                while client.call("AISLE.SEARCH", "small", "zebra")["total"] < i + 1:
                    assert time.monotonic() < deadline, server.read_log()
                    time.sleep(0.05)
            equal(client.call("AISLE.INFO", "small")["follows"], True)
            has(server.read_log(), f"small follows {source}\n")
        with world.server(path, "--follow", os.path.join(folder, "none")) as server:
            has(server.read_log(), "none, which is not there yet\n")
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        with world.server(path, "--follow", pipe) as server:  # and can be ended, though nobody writes to it
            has(server.client().fails("AISLE.PUT", "small", '{"id":"A"}'), "READONLY")
            deadline = time.monotonic() + 60
            while "no pipes" not in server.read_log():
                assert time.monotonic() < deadline, server.read_log()
                time.sleep(0.05)


# ------------------------------------------------------------------------------------------------------ limits

@check
def those_who_do_not_read_are_dropped(world):
    with world.server(world.shop, "--stall-seconds", "1", "--output-memory", "64K") as server:
        other = server.client()
        deaf = server.client()
        deaf.socket.setblocking(False)
        ask = request("AISLE.SEARCH", "shop", "", "LIMIT", 0, 1000) * 20
        sent = 0
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                sent += deaf.socket.send(ask)
            except BlockingIOError:
                time.sleep(0.05)
            except ConnectionError:
                break
            equal(other.call("PING"), "PONG")
        else:
            raise AssertionError("a client that does not read is never dropped")
        half = server.client()
        half.socket.sendall(b"*2\r\n$4\r\nPI")
        closed(half)
        info = other.call("INFO").decode()
        has(info, "dropped_slow:2")
        assert int(info.split("used_memory_peak:")[1].split()[0]) < 64 << 20


@check
def answers_are_bounded_on_both_sides(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path) as server:
            client = server.client(3)
            for i in range(65):
                product = json.dumps({"id": f"P{i}", "title": "lamp", "filler": "x" * 1040000})
                client.call("AISLE.PUT", "small", product, *(["VISIBLE"] if i == 64 else []))
            equal(len(client.call("AISLE.SEARCH", "small", "lamp", "LIMIT", 0, 64)["hits"]), 64)
            has(client.fails("AISLE.SEARCH", "small", "lamp", "LIMIT", 0, 65),
                "LIMIT the answer is larger than 64 MiB: ask for fewer hits")
            equal(len(client.call("AISLE.SEARCH", "small", "lamp", "LIMIT", 0, 65, "FIELDS", "id")["hits"]), 65)
            half = (5, "small", "lamp", "LIMIT", 0, 33)
            has(client.fails("AISLE.MSEARCH", *half, *half), "LIMIT the answer is larger than 64 MiB")
            equal(client.call("PING"), "PONG")


@check
def clients_and_idle_time_are_bounded(world):
    with world.server(world.shop, "--clients", "3", "--idle-seconds", "3") as server:
        clients = [server.client()]
        while "connected_clients:1\r" not in clients[0].call("INFO").decode():
            time.sleep(0.01)  # the one that tried whether the server is there
        clients += [server.client() for _ in range(2)]
        for client in clients:
            equal(client.call("PING"), "PONG")
        refused = server.client()
        has(str(refused.read()), "max number of clients reached")
        closed(refused)
        for client in clients:
            closed(client)
        equal(server.client().call("PING"), "PONG")


@check
def a_deep_pipeline_waits_its_turn(world):
    with world.server(world.shop, "--pipeline", "10") as server:
        client, other = server.client(), server.client()
        parts = request("AISLE.GET", "shop", "none") * 5000
        sender = threading.Thread(target=client.socket.sendall, args=(parts,))
        sender.start()
        for _ in range(50):
            equal(other.call("PING"), "PONG")
        equal([client.value() for _ in range(5000)], [None] * 5000)
        sender.join()


@check
def those_who_leave_are_forgotten(world):
    with world.server(world.shop) as server:
        for _ in range(50):
            client = server.client()
            client.socket.sendall(request("AISLE.SEARCH", "shop", "a*", "LIMIT", 0, 1000) * 50)
            client.close()
        other = server.client()
        deadline = time.monotonic() + 60
        while "connected_clients:1\r" not in other.call("INFO").decode():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        has(other.call("INFO").decode(), "buffered_bytes:0")


@check
def a_deadline_ends_what_waits(world):
    with world.server(world.shop, "--threads", "1", "--deadline-ms", "600000") as server:
        busy, late = server.client(), server.client()
        busy.socket.sendall(request("AISLE.SEARCH", "shop", "", "LIMIT", 0, 1000) * 30)
        late.send("AISLE.SEARCH", "shop", "shoes", "DEADLINE", 1)
        answer = late.read()  # in time or not: there is an answer
        assert not isinstance(answer, Error) or "DEADLINE 1 ms passed" in str(answer)
        for _ in range(30):
            busy.value()


# --------------------------------------------------------------------------------------------- settings, reload

@check
def settings_are_checked(world):
    with temporary() as folder:
        config = os.path.join(folder, "aisle.conf")
        for text, error in (
                ("catalog = shop\nthreads = x\n", "line 2: threads takes a number, not \"x\""),
                ("catalog = shop\nthreads = 2\nthreads = 2\n", "line 3: threads has a value already"),
                ("catalog = shop\nthread = 2\n", "line 2: no such setting: thread"),
                ("catalog = shop\n\n# fine\njust words\n", "line 4: expected name = value"),
                ("catalog = shop\nstall-seconds = 0\n", "stall-seconds must be 1 to 3600, not 0"),
                ("catalog = shop\nlisten = nowhere\n", "\"nowhere\" is no address"),
                ("catalog = shop\nalias = live=none\n", "alias live=none: no such catalog"),
                ("catalog = shop\nalias = shop=shop\n", "a catalog has this name"),
                ("catalog = .\n", "its folder's name is wanted"),
                ("catalog = a=b/../\n", "its folder's name is wanted"),
                ("catalog = a=x\ncatalog = b=y\nalias = c=a\nalias = c=b\n", "there is one of this name, c=a"),
                ("catalog = shop\nfollow = x\nfollow = shop=y\n", "a catalog follows one source, and this one x"),
                ("catalog = shop\ncatalog = other/shop\n", "two catalogs are called shop"),
                ("catalog = shop\ncatalog = b=shop\nfollow = x\n", "which catalog?"),
                ("catalog = shop\npassword-file = none\n", "none: No such file"),
                ("catalog = shop\noutput-memory = 512M\noutputs-memory = 256M\n",
                 "output-memory is above outputs-memory"),
                ("", "no catalog to serve")):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)
            ran = world.cli("serve", "--config", config, "--check-config")
            has(ran.stderr, error)
            assert ran.returncode != 0
        with open(config, "w", encoding="utf-8") as file:
            file.write("# all is well\ncatalog = shop\nthreads = 2\nlisten = unix:/a\n")
        equal(world.cli("serve", "--config", config, "--check-config").returncode, 0)
        sample = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/package/aisle.conf")
        equal(world.cli("serve", "--config", sample, "--check-config").returncode, 0)
        has(world.cli("serve", "--config", os.path.join(folder, "none"), "--check-config").stderr, "No such file")


@check
def a_reload_switches_at_once(world):
    with temporary() as folder:
        first, second = world.empty(folder, "first"), world.empty(folder, "second")
        config = os.path.join(folder, "aisle.conf")

        def write(text):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)

        write(f"catalog = {first}\nalias = live=first\n")
        with world.server("--config", config) as server:
            client = server.client(3)
            client.call("AISLE.PUT", "live", '{"id":"1","title":"first"}', "VISIBLE")
            write(f"catalog = {first}\ncatalog = {second}\nalias = live=second\n")
            equal(client.call("AISLE.RELOAD"), "OK")
            equal(client.call("AISLE.SEARCH", "live", "")["total"], 0)
            equal(client.call("AISLE.SEARCH", "first", "")["total"], 1)
            client.call("AISLE.PUT", "live", '{"id":"2","title":"second"}', "VISIBLE")
            write(f"catalog = {second}\nalias = live=none\n")
            has(client.fails("AISLE.RELOAD"), "no such catalog")
            equal(client.call("AISLE.SEARCH", "first", "")["total"], 1, "all stays after a failed reload")
            write(f"catalog = other={second}\n")
            server.signal(signal.SIGHUP)
            deadline = time.monotonic() + 60
            while client.call("AISLE.INFO")["catalogs"] != [b"other"]:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            equal(client.call("AISLE.SEARCH", "other", "")["total"], 1)
            has(client.fails("AISLE.SEARCH", "first", ""), "NOTFOUND")
            stop = threading.Event()
            failures = []

            def search():
                try:
                    mine = server.client(3)
                    while not stop.is_set():
                        equal(mine.call("AISLE.SEARCH", "other", "")["total"], 1)
                except Exception as error:  # for the main thread to report
                    failures.append(error)

            searching_thread = threading.Thread(target=search)
            searching_thread.start()
            for i in range(40):
                write(f"catalog = other={second}\n" + (f"catalog = {first}\n" if i % 2 else ""))
                equal(client.call("AISLE.RELOAD"), "OK")
            stop.set()
            searching_thread.join()
            equal(failures, [])


@check
def a_reload_leaves_no_open_socket_without_its_password(world):
    with temporary() as folder:
        shop, config = world.empty(folder, "shop"), os.path.join(folder, "aisle.conf")
        password = os.path.join(folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write("secret\n")

        def write(text):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)

        write(f"catalog = {shop}\nmetrics = 0.0.0.0:{free_port()}\npassword-file = {password}\n")
        with world.server("--config", config) as server:
            client = server.client()
            equal(client.call("AUTH", "secret"), "OK")
            write(f"catalog = {shop}\n")
            has(client.fails("AISLE.RELOAD"), "can be reached from elsewhere")
            has(server.client().fails("PING"), "NOAUTH")
            write(f"catalog = {shop}\npassword-file = {password}\n")
            equal(client.call("AISLE.RELOAD"), "OK")


@check
def the_end_answers_what_is_under_way(world):
    server = world.server(world.shop, "--threads", "1")
    with server:
        clients = [server.client() for _ in range(5)]
        for client in clients:
            client.socket.sendall(request("AISLE.SEARCH", "shop", "", "LIMIT", 0, 500) * 5 + request("ECHO", "end"))
        clients[-1].value()
        server.signal(signal.SIGTERM)
        for i, client in enumerate(clients):
            answers = 0
            try:
                while True:
                    client.value()
                    answers += 1
            except (ConnectionError, OSError):
                pass
            assert i < 4 or answers == 5, answers
        equal(server.process.wait(timeout=60), 0)


# ------------------------------------------------------------------------------------------------ being watched

def get(port, path, head=""):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        data = b""
        while part := client.recv(65536):
            data += part
    return data.decode()


def well_formed(page):
    """Prometheus' text format: each metric's help and type, then all its samples; histograms grow and end with +Inf."""
    seen, name, kind = set(), None, None
    for line in page.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in seen, f"{name} stands in two places"
            seen.add(name)
        elif line.startswith("# TYPE "):
            equal(line.split()[2], name)
            kind = line.split()[3]
            assert kind in ("gauge", "counter", "histogram"), line
        else:
            match = re.fullmatch(r'([a-z0-9_]+)(\{[a-z]+="[^"]*"(?:,le="[^"]+")?\})? ([-+0-9.e]+|\+Inf)', line)
            assert match, line
            base = re.sub(r"_(bucket|sum|count)$", "", match[1]) if kind == "histogram" else match[1]
            equal(base, name, line)
            assert kind != "counter" or match[1].endswith("_total") or match[1].endswith("generation"), line


@check
def pages_for_machines(world):
    port = free_port()
    with world.server(world.shop, "--metrics", f"127.0.0.1:{port}") as server:
        client = server.client()
        client.call("AISLE.SEARCH", "shop", "shoes")
        client.fails("AISLE.SEARCH", "none", "shoes")
        has(get(port, "/healthz"), "200 OK")
        has(get(port, "/readyz"), "ready")
        has(get(port, "/none"), "404")
        page = get(port, "/metrics")
        has(page, 'aisle_command_seconds_count{command="AISLE.SEARCH"} 2\n')
        has(page, 'aisle_command_errors_total{command="AISLE.SEARCH"} 1\n')
        has(page, 'aisle_catalog_products{catalog="shop"} 2000\n')
        well_formed(page.split("\r\n\r\n", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as http:
            http.sendall(b"x" * 9000)
            has(http.recv(1000).decode(), "431")
        with socket.create_connection(("127.0.0.1", port)) as http:
            http.sendall(b"POST / HTTP/1.1\r\n\r\n")
            answer = http.recv(1000).decode()
            has(answer, "405")
            has(answer, "Allow: GET, HEAD\r\n")
        for path, size in (("/healthz", 3), ("/metrics", len(page) // 2)):
            with socket.create_connection(("127.0.0.1", port)) as http:
                http.sendall(f"HEAD {path} HTTP/1.1\r\n\r\n".encode())
                answer = http.makefile("rb").read().decode()
            has(answer, "200 OK")
            assert answer.endswith("\r\n\r\n") and int(re.search(r"Length: (\d+)", answer)[1]) >= size, answer
    with temporary() as folder:
        path = world.empty(folder)
        second = free_port()
        with world.server(path, world.shop, "--metrics", f"127.0.0.1:{second}", "--commit-ms", "1") as server:
            server.client().call("AISLE.PUT", "small", '{"id":"A"}', "VISIBLE")
            page = get(second, "/metrics")
            for name in ("small", "shop"):
                for figure in ("products", "dead_products", "segments", "generation", "bytes", "log_offset",
                               "readers", "readers_behind_commits", "commits_total", "visible_seconds",
                               "visible_seconds_max", "commit_failures_total", "unseen_bytes", "unseen_seconds",
                               "writes_refused", "log_lost_bytes_total"):
                    has(page, f'aisle_catalog_{figure}{{catalog="{name}"}} ')
            has(page, 'aisle_catalog_commits_total{catalog="small"} 1\n')
            assert 'visible_seconds{catalog="small"} 0\n' not in page
            well_formed(page.split("\r\n\r\n", 1)[1])


@check
def slow_requests_are_logged(world):
    place = world.place()
    log = os.path.join(place, "slow")
    with world.server(world.shop, "--slow-ms", "1", "--slow-log", log) as server:
        client = server.client()
        for _ in range(30):
            client.call("AISLE.SEARCH", "shop", "a* OR b* \"\\", "LIMIT", 0, 1000, "TRACE", "t1")
        with open(log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
    assert lines and lines[0]["request"][0] == "AISLE.SEARCH" and lines[0]["took_us"] >= 1000, lines[:1]
    assert "t1" in lines[0]["request"]
    explained = [line["explanation"] for line in lines if "explanation" in line]
    assert explained and "score" in explained[0], "no line has the plan of its best hit"


def main(checks, description):
    """Runs the checks of a script; returns how many failed."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aisle")
    parser.add_argument("--sync", help="failing_sync.c, built as a library")
    parser.add_argument("--only", action="append")
    arguments = parser.parse_args()
    failures = 0
    with temporary() as folder:
        world = World(os.path.abspath(arguments.aisle), folder, arguments.sync)
        for function in checks:
            if arguments.only and not any(name in function.__name__ for name in arguments.only):
                continue
            start = time.monotonic()
            try:
                function(world)
                print(f"{function.__name__}: fine ({time.monotonic() - start:.2f} s)", flush=True)
            except Exception as error:  # every check is tried
                failures += 1
                print(f"{function.__name__}: FAILED: {type(error).__name__}: {error}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(CHECKS, __doc__)
