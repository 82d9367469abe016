#!/usr/bin/env python3
"""The server as who operates it meets it: sandboxes, catalogs replaced and taken over, logs that are moved away.

    operating.py AISLE [--sync LIBRARY] [--only NAME]...     LIBRARY: failing_sync.c, built

Servers, clients and catalogs are those of server.py.
"""
import ctypes
import os
import json
import re
import shutil
import subprocess
import time

from resp import Error, Server, temporary
from server import equal, has, main

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


# ------------------------------------------------------------------------------------------------- sandboxes

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/package/aisle.service")
NUMBERS = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"


def calls_of(name):
    """The system calls of a set such as @system-service, or of one name."""
    if not name.startswith("@"):
        return {name}
    ran = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    calls = set()
    for line in ran.stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            calls |= calls_of(word)
    return calls


def calls_of_unit():
    """What the unit's lines of SystemCallFilter leave, as systemd reads them: in order, "~" takes away."""
    calls = calls_of("@default") | {"execve"}
    with open(UNIT, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("SystemCallFilter="):
                text = line.split("=", 1)[1]
                for word in text.lstrip("~").split():
                    calls = calls - calls_of(word) if text.startswith("~") else calls | calls_of(word)
    return calls


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction))]


def sandbox(calls):
    """For a child before it becomes the server: any call but these ends it, as a fault that cannot be overlooked."""
    with open(NUMBERS, encoding="utf-8") as file:
        numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", file.read()))
    load, equals, leave = 0x20, 0x15, 0x06
    allow, kill = 0x7FFF0000, 0x80000000
    code = [Instruction(load, 0, 0, 0)]
    for name in sorted(calls):
        if name in numbers:
            code += [Instruction(equals, 0, 1, int(numbers[name])), Instruction(leave, 0, 0, allow)]
    code.append(Instruction(leave, 0, 0, kill))
    instructions = (Instruction * len(code))(*code)
    program = Program(len(code), instructions)
    libc = ctypes.CDLL(None, use_errno=True)

    def enter():
        no_new_privileges, seccomp, filtered = 38, 22, 2
        if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0 or libc.prctl(seccomp, filtered, ctypes.byref(program)) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")
    return enter


@check
def the_unit_lets_it_do_all_that_it_does(world):
    """The unit's filter of system calls, without systemd: searching, writing, merging, following, reloading."""
    if world.is_sanitized or shutil.which("systemd-analyze") is None or not os.path.exists(NUMBERS):
        return
    with temporary() as folder:
        shop, changes = world.empty(folder, "shop"), os.path.join(folder, "changes.jsonl")
        followed = world.empty(folder, "followed")
        shutil.copy(world.one_product, changes)
        server = Server(world.aisle, folder, shop, "--catalog", followed, "--follow", f"followed={changes}",
                        "--commit-ms", "1", "--slow-ms", "1", "--slow-log", os.path.join(folder, "slow"),
                        enter=sandbox(calls_of_unit()))
        with server:
            client = server.client(3)
            for i in range(40):
                client.call("AISLE.PUT", "shop", '{"id":"%d","title":"red shoe"}' % i, "VISIBLE")
            equal(client.call("AISLE.SEARCH", "shop", "shoe", "FACET", "brand")["total"], 40)
            equal(client.call("AISLE.RELOAD"), "OK")
            client.call("AISLE.SUGGEST", "shop", "sh")
            client.call("INFO")
            while client.call("AISLE.SEARCH", "followed", "zebra")["total"] == 0:
                pass


# ------------------------------------------------------------------------------------------ catalogs replaced

def put_at_last(client, name, product):
    """A write that is tried again as long as BUSY says so."""
    deadline = time.monotonic() + 60
    while True:
        client.send("AISLE.PUT", name, product, "VISIBLE")
        answer = client.read()
        if not isinstance(answer, Error):
            return answer
        has(str(answer), "BUSY the catalog that was here before is being closed")
        assert time.monotonic() < deadline
        time.sleep(0.002)


def wait_for_log(server, text):
    deadline = time.monotonic() + 60
    while text not in server.read_log():
        assert time.monotonic() < deadline, text
        time.sleep(0.01)


class Held:
    """A write to the catalog "shop" that waits for its disk, and so holds what is served now; until released."""

    def __init__(self, folder):
        self.flag = os.path.join(folder, "waits")
        self.client = None

    def environment(self, world):
        return {"LD_PRELOAD": world.sync, "WAITING_SYNC": self.flag}

    def begin(self, client, product):
        with open(self.flag, "w", encoding="utf-8") as file:
            file.write("nobody yet")
        self.client = client
        client.send("AISLE.PUT", "shop", product, "VISIBLE")
        deadline = time.monotonic() + 60
        while os.path.getsize(self.flag) > 0:
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def release(self):
        """The answer."""
        os.unlink(self.flag)
        return self.client.read()


@check
def a_link_moved_to_another_catalog_is_written_there(world):
    with temporary() as folder:
        first, second, link = world.empty(folder, "one"), world.empty(folder, "two"), os.path.join(folder, "shop")
        equal(world.cli("alias", link, first).returncode, 0)
        with world.server(link) as server:
            client = server.client(3)
            client.call("AISLE.PUT", "shop", '{"id":"1","title":"zebra"}', "VISIBLE")
            for target, wanted in ((second, 2), (first, 3)):
                equal(world.cli("alias", link, target, "--force").returncode, 0)
                equal(client.call("AISLE.RELOAD"), "OK")
                put_at_last(client, "shop", '{"id":"%d","title":"zebra"}' % wanted)
                equal(client.call("AISLE.SEARCH", "shop", "zebra")["total"], wanted, "what the log has is there, too")
            has(server.read_log(), "is another catalog now")


@check
def settings_that_are_wrong_by_then_keep_no_catalog_from_being_written(world):
    """The log is free some time behind the reload; what is wrong now, in settings and rules, has been read before."""
    if world.sync is None:
        print("passed over: no --sync LIBRARY")
        return
    with temporary() as folder:
        first, second, link = world.empty(folder, "one"), world.empty(folder, "two"), os.path.join(folder, "shop")
        config, rules = os.path.join(folder, "aisle.conf"), os.path.join(second, "rules.json")

        def write(path, text):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

        write(config, f"catalog = {link}\n")
        equal(world.cli("alias", link, first).returncode, 0)
        held = Held(folder)
        with world.server("--config", config, environment=held.environment(world)) as server:
            client = server.client(3)
            client.call("AISLE.PUT", "shop", '{"id":"1","title":"zebra"}', "VISIBLE")
            equal(world.cli("alias", link, second, "--force").returncode, 0)
            held.begin(server.client(3), '{"id":"2","title":"zebra"}')
            equal(client.call("AISLE.RELOAD"), "OK")
            has(client.fails("AISLE.PUT", "shop", '{"id":"3"}'), "BUSY the catalog that was here before")
            write(config, f"catalog = {link}\nnonsense = 1\n")
            write(rules, '[{"id": "a"')
            assert held.release() > 0
            put_at_last(client, "shop", '{"id":"3","title":"zebra"}')
            wait_for_log(server, f"{link} takes writes")
            has(client.fails("AISLE.RELOAD"), "no such setting: nonsense")
            has(client.fails("AISLE.RELOAD", "shop"), "rules.json")
            write(rules, "[]")
            equal(client.call("AISLE.RELOAD", "shop"), "OK")
            equal(client.call("AISLE.SEARCH", "shop", "zebra")["total"], 3)
            write(config, f"catalog = {link}\n")
            equal(client.call("AISLE.RELOAD"), "OK")
            put_at_last(client, "shop", '{"id":"4","title":"zebra"}')


@check
def a_change_log_that_cannot_be_opened_yet_is_tried_again(world):
    if world.sync is None:
        print("passed over: no --sync LIBRARY")
        return
    with temporary() as folder:
        first, second, link = world.empty(folder, "one"), world.empty(folder, "two"), os.path.join(folder, "shop")
        equal(world.cli("alias", link, first).returncode, 0)
        held = Held(folder)
        with world.server(link, environment=held.environment(world)) as server:
            client = server.client(3)
            client.call("AISLE.PUT", "shop", '{"id":"1","title":"zebra"}', "VISIBLE")
            equal(world.cli("alias", link, second, "--force").returncode, 0)
            held.begin(server.client(3), '{"id":"2","title":"zebra"}')
            equal(client.call("AISLE.RELOAD"), "OK")
            os.rename(link + ".changes", link + ".kept")
            with open(link + ".changes", "w", encoding="utf-8"):
                pass  # a file where the folder was
            held.release()  # whatever became of it, with the log gone from under it
            wait_for_log(server, f"{link} takes no writes yet: ")
            has(client.fails("AISLE.PUT", "shop", '{"id":"3"}'), "BUSY")
            equal(client.call("AISLE.SEARCH", "shop", "zebra")["total"], 0, "it is searched")
            os.unlink(link + ".changes")
            os.rename(link + ".kept", link + ".changes")
            put_at_last(client, "shop", '{"id":"3","title":"zebra"}')
            assert client.call("AISLE.SEARCH", "shop", "zebra")["total"] >= 2, "what the log has is there, too"


@check
def a_catalog_made_anew_in_its_place_is_another(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path) as server:
            client = server.client(3)
            for i in range(5):
                number = os.stat(path).st_ino
                shutil.rmtree(path)
                world.empty(folder)
                assert os.stat(path).st_ino != number, "else it would be taken for the one before"
                subprocess.run([world.aisle, "index", path, world.one_product], check=True, capture_output=True)
                equal(client.call("AISLE.RELOAD"), "OK")
                equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 1, "it is searched at once")
                put_at_last(client, "small", '{"id":"%d","title":"horse"}' % i)


@check
def a_reload_takes_over_from_a_server_that_has_ended(world):
    with temporary() as folder:
        path = world.empty(folder)
        first = world.server(path).start()
        with world.server(path) as second:
            client = second.client(3)
            has(client.fails("AISLE.PUT", "small", '{"id":"A"}'), "READONLY another server writes")
            first.client().call("AISLE.PUT", "small", '{"id":"A","title":"zebra"}', "KEY", "k")
            equal(client.call("AISLE.RELOAD"), "OK")
            has(client.fails("AISLE.PUT", "small", '{"id":"A"}'), "READONLY another server writes")
            first.kill()
            equal(client.call("AISLE.RELOAD"), "OK")
            equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 1)
            equal(client.call("AISLE.PUT", "small", '{"id":"A","title":"zebra"}', "KEY", "k"), 1, "its keys are known")
            has(client.fails("AISLE.PUT", "small", '{"id":"B"}', "KEY", "k"), "used for another write")
            client.call("AISLE.PUT", "small", '{"id":"B","title":"zebra"}', "VISIBLE")
            equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 2)


@check
def one_catalog_by_two_names_follows_under_the_first(world):
    with temporary() as folder:
        path = world.empty(folder)
        for given in ("second", "first"):
            server = world.server("first=" + path, "second=" + path, "--follow", f"{given}={folder}/changes")
            if given == "first":
                with server:
                    has(server.client().fails("AISLE.PUT", "second", '{"id":"A"}'), "follows another change log")
                continue
            server.start(wait=False)
            equal(server.process.wait(timeout=60), 2)
            has(server.read_log(), "served by another name, too")


@check
def wrong_words_of_one_catalog_keep_no_other_from_its_own(world):
    with temporary() as folder:
        first, second = world.empty(folder, "first"), world.empty(folder, "second")
        with world.server(first, second) as server:
            client = server.client(3)
            client.call("AISLE.PUT", "second", '{"id":"A","title":"zebra"}', "VISIBLE")
            equal(client.call("AISLE.SEARCH", "second", "horse")["total"], 0)
            for path, words in ((first, "alone\n"), (second, "horse => zebra\n")):
                with open(os.path.join(path, "synonyms.txt"), "w", encoding="utf-8") as file:
                    file.write(words)
            equal(client.call("AISLE.RELOAD"), "OK")
            equal(client.call("AISLE.SEARCH", "second", "horse")["total"], 1)
            has(server.read_log(), "first: words and rules stay as they were: synonyms.txt:1: one word alone")
            has(client.fails("AISLE.RELOAD", "first"), "synonyms.txt:1: one word alone")


# ---------------------------------------------------------------------------------------------------- settings

@check
def a_file_that_is_no_socket_stays(world):
    with temporary() as folder:
        path, kept = world.empty(folder), os.path.join(folder, "kept")
        with open(kept, "w", encoding="utf-8") as file:
            file.write("mine")
        os.symlink(kept, kept + ".link")
        for place in (kept, kept + ".link"):
            ran = world.cli("serve", path, "--listen", "unix:" + place)
            has(ran.stderr, f"cannot listen on unix:{place}: file already exists")
            assert ran.returncode != 0
        with open(kept, encoding="utf-8") as file:
            equal(file.read(), "mine")
        server = world.server(path)
        with server:
            server.kill()  # and leaves its socket there
        assert os.path.exists(server.unix)
        with server:
            equal(server.client().call("PING"), "PONG")


@check
def editors_may_mark_a_file_of_settings(world):
    with temporary() as folder:
        config = os.path.join(folder, "aisle.conf")
        with open(config, "wb") as file:
            file.write(b"\xef\xbb\xbfcatalog = shop\r\n")
        equal(world.cli("serve", "--config", config, "--check-config").returncode, 0)


# ------------------------------------------------------------------------------------------------------- logs

@check
def a_slow_log_that_was_moved_away_is_begun_anew(world):
    with temporary() as folder:
        log, config = os.path.join(folder, "slow"), os.path.join(folder, "aisle.conf")

        def write(text):
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"catalog = {world.shop}\nslow-ms = 1\n{text}")

        def requests(path):
            with open(path, encoding="utf-8") as file:
                return [json.loads(line)["request"] for line in file.read().splitlines() if line.startswith("{")]

        def ask(trace, path):
            deadline = time.monotonic() + 60
            while not os.path.exists(path) or not any(trace in one for one in requests(path)):
                assert time.monotonic() < deadline, f"nothing slow in {path}"
                client.call("AISLE.SEARCH", "shop", "a* b* c*", "LIMIT", 0, 1000, "FACET", "brand", "TRACE", trace)

        write(f"slow-log = {log}\n")
        with world.server("--config", config, "--threads", "2") as server:
            client = server.client(3)
            ask("before", log)
            os.rename(log, log + ".1")
            equal(client.call("AISLE.RELOAD"), "OK")
            ask("behind", log)
            assert not any("behind" in one for one in requests(log + ".1"))
            write(f"slow-log = {folder}/none/slow\n")
            equal(client.call("AISLE.RELOAD"), "OK")
            has(server.read_log(), "the slow log stays as it was")
            write("")
            equal(client.call("AISLE.RELOAD"), "OK")
            ask("last", server.log)  # standard error has it now


if __name__ == "__main__":
    main(CHECKS, __doc__)
