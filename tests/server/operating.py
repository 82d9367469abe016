#!/usr/bin/env python3
"""The server as who operates it meets it: sandboxes, catalogs replaced and taken over, logs that are moved away.

    operating.py AISLE [--only NAME]...

Servers, clients and catalogs are those of server.py.
"""
import ctypes
import os
import re
import shutil
import subprocess

from resp import Server, pairs, temporary
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


if __name__ == "__main__":
    main(CHECKS, __doc__)
