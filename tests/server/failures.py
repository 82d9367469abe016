#!/usr/bin/env python3
"""What is done to the server: by clients that misbehave or vanish, by other programs, by the system.

    failures.py AISLE [--sync LIBRARY] [--only NAME]...     LIBRARY: failing_sync.c, built

Each check has a server of its own and ends with another client being served as ever.
"""
import json
import os
import shutil
import signal
import socket
import threading
import time

from resp import Client, Error, free_port, make_catalog, request, temporary
from server import closed, equal, get, has, main

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def told(client, name):
    """A figure of INFO."""
    return int(client.call("INFO").decode().split("\n" + name + ":")[1].split()[0])


def wait_for(condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def product(name, title="zebra"):
    return json.dumps({"id": name, "title": title})


def put_many(client, count, text):
    """Sends so many long products at once, and takes the answers."""
    ask = b"".join(request("AISLE.PUT", "small", product(f"P{i}", text)) for i in range(count))
    sender = threading.Thread(target=client.socket.sendall, args=(ask,))
    sender.start()
    for _ in range(count):
        assert client.value() > 0
    sender.join()


LONG_TEXT = "zebra " + " ".join(f"word{i}" for i in range(300))


def refusing_disk(world, folder):
    """An empty catalog, a file that makes syncs fail while it is there, and a server's environment for it, or None."""
    if world.sync is None:
        print("passed over: no --sync LIBRARY")
        return None
    path, flag = world.empty(folder), os.path.join(folder, "fail")
    return path, flag, {"LD_PRELOAD": world.sync, "FAILING_SYNC": flag}


def touch(path):
    with open(path, "w", encoding="utf-8"):
        pass


def share_of_a_core(server, seconds=0.3):
    """What the process takes of one, while nobody asks it anything."""
    def ticks():
        with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before, start = ticks(), time.monotonic()
    time.sleep(seconds)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - start)


# ---------------------------------------------------------------------------------------------- the change log

def log_file(path):
    return os.path.join(path + ".changes", os.listdir(path + ".changes")[0])


def cut(path):
    with open(log_file(path), "r+b") as file:
        file.truncate(os.path.getsize(log_file(path)) - 10)


def empty_it(path):
    with open(log_file(path), "r+b") as file:
        file.truncate(0)


def replace(path):
    shutil.copy(log_file(path), path + ".copy")
    os.rename(path + ".copy", log_file(path))


def lengthen(path):
    with open(log_file(path), "ab") as file:
        file.write(b"\n")


def move_folder(path):
    os.rename(path + ".changes", path + ".away")


@check
def a_log_that_others_change_is_told_and_keeps_what_it_can(world):
    for change in (cut, empty_it, replace, lengthen, lambda path: os.unlink(log_file(path)), move_folder):
        with temporary() as folder:
            path, port = world.empty(folder), free_port()
            with world.server(path, "--commit-ms", "200", "--metrics", f"127.0.0.1:{port}") as server:
                client, other = server.client(3), server.client(3)
                for i in range(5):
                    client.call("AISLE.PUT", "small", product(f"P{i}"), "KEY", f"k{i}")
                change(path)
                for _ in range(2):
                    has(client.fails("AISLE.PUT", "small", product("late")), "IO the change log")
                has(client.fails("AISLE.DEL", "small", "P0", "VISIBLE"), "was cut or replaced by another program")
                assert client.call("AISLE.PUT", "small", product("P1"), "KEY", "k1") > 0, "a repeat has its answer"
                wait_for(lambda: other.call("AISLE.SEARCH", "small", "zebra")["total"] == 5, "writes are not committed")
                has(get(port, "/metrics"), 'aisle_catalog_writes_refused{catalog="small"} 1\n')
                wait_for(lambda: 'aisle_catalog_unseen_bytes{catalog="small"} 0\n' in get(port, "/metrics"),
                         "the metric stays behind")
                writes = other.call("AISLE.INFO", "small")["writes"]
                equal((writes["refused"], writes["lost_bytes"]), (True, 0))
                has(server.read_log(), "was cut or replaced by another program")
                assert share_of_a_core(server) < 0.2, "a thread spins"
            if change is lengthen:
                continue  # what is there now is no log
            with world.server(path) as server:
                client = server.client(3)
                client.call("AISLE.PUT", "small", product("after"), "VISIBLE")
                equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 6)


@check
def a_log_that_is_cut_under_load_loses_no_more_than_it_tells(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path, "--commit-ms", "1") as server:
            writer, other = server.client(3), server.client(3)
            text = "zebra " + "word " * 400
            acknowledged, refused = set(), []
            ask = b"".join(request("AISLE.PUT", "small", product(f"P{i}", text)) for i in range(4000))
            sender = threading.Thread(target=writer.socket.sendall, args=(ask,))
            sender.start()
            for i in range(4000):
                if i == 1500:
                    empty_it(path)
                answer = writer.read()
                if isinstance(answer, Error):
                    refused.append(str(answer))
                else:
                    acknowledged.add(f"P{i}")
            sender.join()
            assert refused and all(text.startswith("IO the change log") for text in refused), refused[:1]

            def settled():
                return other.call("AISLE.INFO", "small")["writes"]["unseen_bytes"] == 0

            wait_for(settled, "the log stays ahead")
            found = other.call("AISLE.SEARCH", "small", "zebra")["total"]
            lost = other.call("AISLE.INFO", "small")["writes"]["lost_bytes"]
            assert found <= len(acknowledged) and (lost > 0) == (found < len(acknowledged)), (found, lost)
            if lost > 0:
                has(server.read_log(), "bytes of acknowledged writes are lost")
            assert share_of_a_core(server) < 0.2, "a thread spins"
            equal(other.call("PING"), "PONG")


@check
def what_is_not_synced_is_not_acknowledged(world):
    with temporary() as folder:
        disk = refusing_disk(world, folder)
        if disk is None:
            return
        path, flag, environment = disk
        with world.server(path, "--commit-ms", "100000", environment=environment) as server:
            client = server.client(3)
            first = client.call("AISLE.PUT", "small", product("A"), "KEY", "a")
            touch(flag)
            for _ in range(2):
                has(client.fails("AISLE.PUT", "small", product("B"), "KEY", "b"), "IO ")
            has(client.fails("AISLE.DEL", "small", "A"), "IO ")
            equal(client.call("AISLE.PUT", "small", product("A"), "KEY", "a"), first)
            os.unlink(flag)
            second = client.call("AISLE.PUT", "small", product("B"), "KEY", "b")
            assert second > first
            client.call("AISLE.PUT", "small", product("C"), "VISIBLE")
            equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 3)
            server.kill()
        with open(log_file(path), encoding="utf-8") as file:
            equal([json.loads(line).get("key") for line in file], ["a", "b", None])


@check
def what_was_acknowledged_before_a_failure_is_seen_soon(world):
    """Also when nothing is written any more; and the server's log tells a failure once, and its end."""
    with temporary() as folder:
        disk = refusing_disk(world, folder)
        if disk is None:
            return
        path, flag, environment = disk
        with world.server(path, "--commit-ms", "500", "--writer-seconds", "3600", environment=environment) as server:
            client = server.client(3)
            client.call("AISLE.PUT", "small", product("A"))
            touch(flag)
            for _ in range(5):
                has(client.fails("AISLE.PUT", "small", product("B")), f"IO the change log {path}.changes")
            os.unlink(flag)
            wait_for(lambda: client.call("AISLE.SEARCH", "small", "zebra")["total"] == 1, "A is not seen")
            client.call("AISLE.PUT", "small", product("C"), "VISIBLE")
            equal(client.call("AISLE.SEARCH", "small", "zebra")["total"], 2)
            told_of = server.read_log().count
            equal((told_of("writes are refused: "), told_of("writes are taken again into ")), (1, 1))


@check
def writes_hold_up_nobody_else(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path, "--threads", "1", "--commit-ms", "100000") as server:
            writer, second, other = server.client(), server.client(), server.client(3)
            put_many(writer, 1500, LONG_TEXT)
            writer.send("AISLE.PUT", "small", product("last"), "VISIBLE")
            writer.send("AISLE.PATCH", "small", "last", '{"price": 5}')  # waits for the commit to end
            writer.socket.setblocking(False)
            searches = acknowledged = 0
            committing = True
            while committing:
                equal(other.call("AISLE.SEARCH", "small", "nothing")["total"], 0)
                assert second.call("AISLE.PUT", "small", product(f"S{acknowledged}")) > 0
                try:
                    committing = writer.socket.recv(1, socket.MSG_PEEK) == b""
                except BlockingIOError:
                    searches += 1
                    acknowledged += 1
            assert searches >= 3, f"{searches} searches and writes of others were answered while a commit ran"
            writer.socket.setblocking(True)
            assert writer.value() < writer.value()


@check
def what_a_commit_wrote_is_opened_by_the_pool(world):
    """The server's own commits open it themselves; those of other programs are opened by who searches first."""
    with temporary() as folder:
        path, one = world.empty(folder), os.path.join(folder, "one.jsonl")
        with world.server(path) as server:
            client = server.client(3)
            rounds = 0
            deadline = time.monotonic() + 60
            while told(client, "loop_searches_unready") < 5:
                if time.monotonic() > deadline:
                    print("passed over: on a machine so busy no search is the loop's")
                    return
                for _ in range(12):
                    client.call("AISLE.SEARCH", "small", "zebra")
                with open(one, "w", encoding="utf-8") as file:
                    file.write(product(f"P{rounds}") + "\n")
                equal(world.cli("index", path, one).returncode, 0)
                before = told(client, "loop_searches")
                rounds += 1
                equal(client.call("AISLE.SEARCH", "small", "zebra", "LIMIT", 0, 0)["total"], rounds)
                equal(told(client, "loop_searches"), before, "the first search behind a commit")
            if not world.is_sanitized:  # processor time, which others do not take part in
                assert told(client, "loop_max_cpu_usec") < 5000, told(client, "loop_max_cpu_usec")


def longest_turns(world):
    """Of the loop, in microseconds of the processor: by large answers, and then by a thousand clients as well."""
    with temporary() as folder:
        path, port = world.empty(folder), free_port()
        with world.server(path, "--listen", f"127.0.0.1:{port}", "--clients", "3000", "--slow-ms", "0") as server:
            client = server.client(3)
            for i in range(40):
                large = json.dumps({"id": f"P{i}", "title": "lamp", "filler": "x" * 1040000})
                client.call("AISLE.PUT", "small", large, *(["VISIBLE"] if i == 39 else []))
            for _ in range(2):
                client.socket.sendall(b"PING\r\n" + request("AISLE.SEARCH", "small", "lamp", "LIMIT", 0, 40) * 3)
                equal(client.value(), "PONG")
                for _ in range(3):
                    hits = client.value()["hits"]
                    equal([len(hit["product"]) > 1040000 for hit in hits], [True] * 40)
            by_answers = told(client, "loop_max_cpu_usec")
            server.signal(signal.SIGSTOP)
            many = []
            for _ in range(1000):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
                many.append(one)
            server.signal(signal.SIGCONT)
            for one in many:
                one.settimeout(60)
                one.sendall(b"PING\r\n")
            for one in many:
                equal(one.recv(100), b"+PONG\r\n")
                one.close()
            return by_answers, told(client, "loop_max_cpu_usec")


@check
def nothing_holds_the_loop_up(world):
    """Answers of 40 MiB one behind another, and a thousand clients at once. Thrice, since hosts take time as well."""
    turns = []
    while not turns or (len(turns) < 3 and max(turns[-1]) >= 5000 and not world.is_sanitized):
        turns.append(longest_turns(world))
    assert world.is_sanitized or max(turns[-1]) < 5000, turns


@check
def searches_do_not_wait_for_a_reload(world):
    """One that has to apply what the log of a killed server has; there is one thread that searches."""
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path, "--commit-ms", "100000") as server:
            put_many(server.client(), 1500, LONG_TEXT)
            server.kill()
        config = os.path.join(folder, "aisle.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"catalog = {world.shop}\nthreads = 1\n")
        with world.server("--config", config) as server:
            admin, other = server.client(), server.client(3)
            with open(config, "a", encoding="utf-8") as file:
                file.write(f"catalog = {path}\n")
            admin.send("AISLE.RELOAD")
            admin.socket.setblocking(False)
            searches = 0
            while True:
                assert other.call("AISLE.SEARCH", "shop", "shoes", "FACET", "brand")["total"] > 0
                try:
                    admin.socket.recv(1, socket.MSG_PEEK)
                    break
                except BlockingIOError:
                    searches += 1
            admin.socket.setblocking(True)
            equal(admin.value(), "OK")
            assert searches >= 3, f"{searches} searches were answered while catalogs were opened"
            equal(other.call("AISLE.SEARCH", "small", "zebra")["total"], 1500)


@check
def a_writer_that_rests_lets_others_write(world):
    with temporary() as folder:
        path = world.empty(folder)
        with world.server(path, "--writer-seconds", "1") as server:
            server.client().call("AISLE.PUT", "small", product("A"), "VISIBLE")
            wait_for(lambda: world.cli("index", path, world.one_product).returncode == 0, "it stays the writer")
            assert server.client().call("AISLE.PUT", "small", product("C"), "VISIBLE") > 0


# ------------------------------------------------------------------------------------------------------ clients

LONG = ("shop", "a* OR b* OR s*", "FACET", "brand", "FACET", "price:stats", "LIMIT", 0, 1)


def long_request(count):
    return request("AISLE.MSEARCH", *([len(LONG), *LONG] * count))


@check
def the_work_of_who_leaves_is_given_up(world):
    with temporary() as folder:
        shop, port = make_catalog(world.aisle, folder, "shop", 20000), free_port()
        with world.server(shop, "--threads", "1", "--listen", f"127.0.0.1:{port}", "--slow-ms", "0",
                          "--deadline-ms", "600000") as server:
            other = server.client()

            def spent():
                figures = other.call("INFO").decode().split("cmdstat_AISLE.MSEARCH:")[1]
                return int(figures.split("usec=")[1].split(",")[0])

            some = server.client()
            some.socket.sendall(long_request(50))
            equal(len(some.value()), 50)
            wait_for(lambda: "cmdstat_AISLE.MSEARCH:" in other.call("INFO").decode(), "it is not counted")
            whole = spent() * 3200 / 50
            for i, address in enumerate((server.unix, ("127.0.0.1", port))):
                before = spent()
                client = Client(address)
                client.socket.sendall(long_request(3200))
                wait_for(lambda: told(other, "searching_threads") == 1, "it does not begin")
                client.file.close()
                client.socket.close()
                wait_for(lambda: told(other, "searching_threads") == 0, "it is not given up")
                if i == 0:  # of TCP, it waits whether only one half was closed
                    equal(told(other, "cancelled_requests"), 1)
                    assert spent() - before < whole / 2, (spent() - before, whole)
                elif whole > 8e6:
                    equal(told(other, "cancelled_requests"), 2)


@check
def half_closed_connections_get_their_answers(world):
    port = free_port()
    with world.server(world.shop, "--listen", f"127.0.0.1:{port}") as server:
        for address in (server.unix, ("127.0.0.1", port)):
            client = Client(address)
            client.socket.sendall(b"PING\r\nAISLE.SEARCH shop shoes LIMIT 0 1\r\n")
            client.socket.shutdown(socket.SHUT_WR)
            equal(client.value(), "PONG")
            equal(client.value()[0], b"total")
            closed(client)


@check
def slow_writers_are_dropped(world):
    with world.server(world.shop, "--stall-seconds", "1") as server:
        other, slow = server.client(), server.client()
        ask = request("ECHO", "x" * 100000)
        deadline = time.monotonic() + 60
        try:
            for i in range(len(ask)):
                assert time.monotonic() < deadline, "a request may take for ever"
                slow.socket.sendall(ask[i:i + 1])
                time.sleep(0.02)
                equal(other.call("PING"), "PONG")
        except ConnectionError:
            pass
        equal(told(other, "dropped_slow"), 1)


@check
def floods_are_bounded_in_all(world):
    """Many clients that each stay below their own bound: together they pass that of all."""
    with world.server(world.shop, "--outputs-memory", "4M", "--output-memory", "1M", "--clients", "200") as server:
        other, deaf = server.client(), []
        ask = request("AISLE.SEARCH", "shop", "", "LIMIT", 0, 1000)
        for _ in range(60):
            client = server.client()
            client.socket.sendall(ask * 3)
            deaf.append(client)
        wait_for(lambda: told(other, "dropped_slow") > 0, "nobody is dropped")
        noisy = [server.client() for _ in range(100)]
        for client in noisy:
            client.socket.setblocking(False)
        for _ in range(20):
            for client in noisy:
                try:
                    client.socket.send(b"PING\r\n" * 1000)
                except (BlockingIOError, ConnectionError):
                    pass
            equal(other.call("PING"), "PONG")
        assert told(other, "buffered_bytes") <= 4 << 20
        assert told(other, "used_memory_peak") < 96 << 20, told(other, "used_memory_peak")
        equal(other.call("AISLE.SEARCH", "shop", "shoes", "LIMIT", 0, 0)[0], b"total")
        for client in deaf:  # the end would wait for them
            client.file.close()
            client.socket.close()


@check
def frames_are_bounded_on_both_sides(world):
    with world.server(world.shop) as server:
        client = server.client()
        has(client.fails("PING", *["x"] * 32767), "wrong number of arguments")
        client.socket.sendall(b"*32769\r\n")
        has(str(client.read()), "at most 32768 arguments")
        closed(client)
        client = server.client()
        head = b"*2\r\n$4\r\nECHO\r\n$4194270\r\n"
        size = (4 << 20) - len(head) - 2
        client.socket.sendall(head.replace(b"4194270", b"%d" % size) + b"x" * size + b"\r\n")
        equal(len(client.value()), size)
        client.socket.sendall(head.replace(b"4194270", b"%d" % (size + 1)))
        has(str(client.read()), "at most 4194304 bytes")
        closed(client)
        client = server.client()
        client.socket.sendall(b"ECHO " + b"x" * 65529 + b"\r\n")
        equal(len(client.value()), 65529)
        client.socket.sendall(b"ECHO " + b"x" * 65531 + b"\r\n")
        has(str(client.read()), "at most 65536 bytes")
        closed(client)
        equal(server.client().call("PING"), "PONG")


@check
def peers_that_vanish_are_asked_for_and_dropped(world):
    """One that vanishes sends nothing any more; the system asks for it (timer 2 of /proc/net/tcp), and idle ones go."""
    port = free_port()
    with world.server(world.shop, "--listen", f"127.0.0.1:{port}", "--idle-seconds", "2") as server:
        peers = [Client(("127.0.0.1", port)) for _ in range(20)]
        for peer in peers:
            equal(peer.call("PING"), "PONG")
        with open("/proc/net/tcp", encoding="ascii") as file:
            lines = [line.split() for line in file][1:]
        ours = [fields for fields in lines if fields[1].endswith(f":{port:04X}") and fields[3] == "01"]
        equal([fields[5].split(":")[0] for fields in ours], ["02"] * 20, "keepalive timers")
        repair = 19  # TCP_REPAIR: such a socket is closed without a word to the other side
        for peer in peers:
            try:
                peer.socket.setsockopt(socket.IPPROTO_TCP, repair, 1)
            except OSError:
                print("not allowed to make peers vanish")
            peer.file.close()
            peer.socket.close()
        wait_for(lambda: told(server.client(), "connected_clients") <= 2, "they stay")


@check
def descriptors_never_run_out(world):
    with temporary() as folder:
        path = world.empty(folder)
        script = os.path.join(folder, "few")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nulimit -n 120\nexec '{world.aisle}' \"$@\"\n")
        os.chmod(script, 0o755)
        server = world.server(path)
        server.aisle = script
        with server:
            first = server.client(3)
            has(server.read_log(), "only 120 files may be open: 60 clients fit")
            served, refused, clients = 0, 0, []
            for _ in range(200):
                client = server.client()
                clients.append(client)
                try:
                    client.send("PING")
                except ConnectionError:
                    pass  # it was refused, and says so
                answer = client.read()
                served += answer == "PONG"
                refused += "max number of clients" in str(answer)
            equal((served, refused), (59, 141))
            first.call("AISLE.PUT", "small", product("A"), "VISIBLE")
            equal(first.call("AISLE.SEARCH", "small", "zebra")["total"], 1)
            for client in clients:
                client.close()
            wait_for(lambda: told(first, "connected_clients") == 1, "they stay")
            equal(server.client().call("PING"), "PONG")


@check
def strange_greetings_are_answered(world):
    with temporary() as folder:
        password = os.path.join(folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write("secret\n")
        with world.server(world.shop, "--password-file", password) as server:
            for greeting, part in (
                    (("HELLO", 3, "AUTH", "default"), "syntax error in HELLO, argument 2"),
                    (("HELLO", 3, "AUTH", "default", "wrong", "SETNAME", "x"), "WRONGPASS"),
                    (("HELLO", 9, "AUTH", "default", "secret"), "NOPROTO"),
                    (("HELLO", "3x", "AUTH", "default", "secret"), "NOPROTO"),
                    (("HELLO", 3, "SETNAME", "a\nb", "AUTH", "default", "secret"), "cannot contain"),
                    (("HELLO", "AUTH", "default", "secret"), "NOPROTO"),
                    (("HELLO", *["x"] * 20), "Protocol error")):
                client = server.client()
                has(client.fails(*greeting), part)
            client = server.client()
            equal(client.call("HELLO", 3, "AUTH", "default", "secret", "SETNAME", "me")["proto"], 3)
            equal(client.call("CLIENT", "GETNAME"), b"me")
            for three in (b"%1\r\n+a\r\n:1\r\n", b"~2\r\n:1\r\n:2\r\n", b"_\r\n", b"#t\r\n", b",1.5\r\n", b"(12\r\n",
                          b"=5\r\ntxt:a\r\n", b">1\r\n+x\r\n", b"|1\r\n+k\r\n+v\r\n"):
                client.socket.sendall(three + b"PING\r\n")  # what only servers send is read as lines
                answers = []
                while not answers or answers[-1] != "PONG":
                    answers.append(client.read())
                assert all(isinstance(answer, Error) for answer in answers[:-1]), answers
            for nested in (b"*1\r\n*1\r\n$4\r\nPING\r\n", b"*1\r\n:1\r\n", b"*1\r\n+PING\r\n"):
                client = server.client()
                client.call("AUTH", "secret")
                client.socket.sendall(nested)
                has(str(client.read()), "Protocol error: expected '$'")
                closed(client)


@check
def aliases_move_under_load(world):
    """Each answer is of one catalog or the other, never an error, and of the new one once the reload has answered."""
    with temporary() as folder:
        first, second = world.empty(folder, "first"), world.empty(folder, "second")
        config = os.path.join(folder, "aisle.conf")

        def write(target):
            with open(config + ".new", "w", encoding="utf-8") as file:
                file.write(f"catalog = {first}\ncatalog = {second}\nalias = live={target}\n")
            os.rename(config + ".new", config)

        write("first")
        with world.server("--config", config) as server:
            admin = server.client(3)
            for name, count in (("first", 1), ("second", 2)):
                for i in range(count):
                    admin.call("AISLE.PUT", name, product(f"{name}{i}"), "VISIBLE")
            stop, failures = threading.Event(), []

            def search():
                try:
                    mine = server.client(3)
                    while not stop.is_set():
                        mine.socket.sendall(request("AISLE.SEARCH", "live", "zebra") * 8)
                        for _ in range(8):
                            assert mine.value()["total"] in (1, 2)
                        assert mine.call("AISLE.PUT", "first", product("first0")) > 0
                except Exception as error:  # for the main thread to report
                    failures.append(error)

            threads = [threading.Thread(target=search) for _ in range(4)]
            for thread in threads:
                thread.start()
            for i in range(30):
                write(("second", "first")[i % 2])
                equal(admin.call("AISLE.RELOAD"), "OK")
                equal(admin.call("AISLE.SEARCH", "live", "zebra")["total"], 2 - i % 2)
            stop.set()
            for thread in threads:
                thread.join()
            equal(failures, [])


if __name__ == "__main__":
    main(CHECKS, __doc__)
