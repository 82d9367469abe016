#!/usr/bin/env python3
"""A server under frames that are nearly right (frames.c): it lives, its memory is bounded, and others are served.

    frames.py AISLE FRAMES [--frames N] [--seed S] [--clients N]      a campaign is --frames 1000000

FRAMES is frames.c, built.

Several clients send their part of the frames as fast as they can, while another one asks PING and searches; then all
answers of the catalog are as before. Prints what came of it.
"""
import argparse
import os
import re
import subprocess
import sys
import time

from resp import Server, make_catalog, pairs, temporary

MEMORY_MAX = 192 << 20  # what the library and the server may take of the heap, caches included


def told(info, name):
    return int(re.search(rf"^{name}:(\d+)", info, re.M).group(1))


def ask(client):
    answer = pairs(client.call("AISLE.SEARCH", "safe", "shoes green", "LIMIT", 0, 20, "NOW", 1767225600000))
    return {key: value for key, value in answer.items() if key != "took_us"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("frames_program")
    parser.add_argument("--frames", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=4)
    arguments = parser.parse_args()
    with temporary() as folder:
        shop = make_catalog(os.path.abspath(arguments.aisle), folder, "shop", 2000)
        other = make_catalog(os.path.abspath(arguments.aisle), folder, "target", 2000)  # which frames may write to
        with Server(os.path.abspath(arguments.aisle), folder, f"safe={shop}", f"shop={other}", "--commit-ms", "200",
                    "--slow-ms", "0") as server:
            quiet = server.client()
            before = ask(quiet)
            assert before["total"] > 0, before
            start = time.monotonic()
            part = arguments.frames // arguments.clients
            senders = [subprocess.Popen([arguments.frames_program, str(part), str(arguments.seed + 2 * i), server.unix],
                                        stdout=subprocess.PIPE, text=True) for i in range(arguments.clients)]
            asked, longest = 0, 0.0
            while any(sender.poll() is None for sender in senders):
                began = time.monotonic()
                assert quiet.call("PING") == "PONG"
                assert ask(quiet) == before
                asked += 1
                longest = max(longest, time.monotonic() - began)
                time.sleep(0.005)
            sent = [sender.communicate()[0] for sender in senders]
            assert all(sender.returncode == 0 for sender in senders), sent
            info = quiet.call("INFO").decode()
            peak = told(info, "used_memory_peak")
            assert ask(quiet) == before
            assert told(info, "buffered_bytes") < 4 << 20
            took = time.monotonic() - start
            print(f"{part * arguments.clients} frames by {arguments.clients} clients in {took:.0f} s: "
                  f"{sum(int(text.split()[2]) for text in sent)} connections closed by the server, "
                  f"{told(info, 'dropped_protocol')} for their frames; heap at most {peak >> 20} MiB; another client "
                  f"asked {asked} times meanwhile and had its answers, after {1000 * longest:.0f} ms at most")
            assert peak < MEMORY_MAX, peak
    return 0


if __name__ == "__main__":
    sys.exit(main())
