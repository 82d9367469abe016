#!/usr/bin/env python3
"""Runs command lines of aisle and compares what they print with what is written down.

    golden.py AISLE [--accept] [CASE ...]      CASE: search/basics; all when none is named

A case is <feature>/<case>.test beside this file. A line that begins with "$ " is a command for the shell, together with
the lines behind it up to the next "$ " or "#" line; a "#" line is a comment. The commands run one after the other in an
empty directory where `aisle` is the program under test. <case>.expected holds each command, what it printed on standard
output, then what it printed on standard error, and "[exit N]" unless N is 0. What differs from run to run is replaced:
times, rates, sizes and the directory's own path. --accept writes the .expected files: read the difference before
committing it. Exit status: 0, or 1 when a case differs or has no .expected file.
"""
import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_S = 60
VARYING = [
    (r'"(took_us|seconds|lines_per_second|parse|analyse|compress|encode|merge|commit|memory_peak|all_memory_peak|bytes'
     r'|[a-z]+_bytes)":[0-9.]+', r'"\1":N'),
    (r"\bin [0-9.]+ (s|ms|us)\b", r"in N \1"),
    (r"[0-9,]+ lines/s", "N lines/s"),
    (r"[0-9,]+ bytes given back", "N bytes given back"),
    (r"(?m)^(bytes|  of [a-z ]+?) +[0-9,]+$", r"\1 N"),
]


def read_steps(path):
    """The comments and commands of a test: (text as shown, command or None)."""
    steps = []
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("#"):
                steps.append([line, None])
            elif line.startswith("$ "):
                steps.append([line, line[2:]])
            elif steps and steps[-1][1] is not None:
                steps[-1][0] += "\n" + line
                steps[-1][1] += "\n" + line
            elif line.strip():
                raise ValueError(f"{path}: neither a command nor a comment: {line}")
    return steps


def normalise(text, place):
    text = text.replace(place, "PLACE")
    for pattern, replacement in VARYING:
        text = re.sub(pattern, replacement, text)
    return text


def run_case(path, aisle):
    place = tempfile.mkdtemp(prefix="golden-")
    programs = os.path.join(place, ".programs")
    os.mkdir(programs)
    os.symlink(aisle, os.path.join(programs, "aisle"))
    environment = dict(os.environ, PATH=programs + os.pathsep + os.environ["PATH"], LC_ALL="C")
    shown = []
    try:
        for text, command in read_steps(path):
            shown.append(text.rstrip("\n"))
            if command is None:
                continue
            done = subprocess.run(["sh", "-c", command], cwd=place, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False)
            for output in (done.stdout, done.stderr):
                text = normalise(output.decode("utf-8", "backslashreplace"), place)
                if text:
                    shown.append(text.rstrip("\n"))
            if done.returncode != 0:
                shown.append(f"[exit {done.returncode}]")
    finally:
        shutil.rmtree(place)
    return "\n".join(shown) + "\n"


def find_cases():
    found = []
    for place, _, names in os.walk(HERE):
        found += [os.path.relpath(os.path.join(place, name), HERE)[:-5] for name in names if name.endswith(".test")]
    return sorted(found)


def check_case(case, aisle, accept):
    """Whether the case printed what is expected; writes that down with accept."""
    base = os.path.join(HERE, case)
    printed = run_case(base + ".test", aisle)
    expected = ""
    if os.path.exists(base + ".expected"):
        with open(base + ".expected", encoding="utf-8") as file:
            expected = file.read()
    if printed == expected:
        return True
    if accept:
        with open(base + ".expected", "w", encoding="utf-8") as file:
            file.write(printed)
        print(f"{case}: accepted")
        return True
    sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), printed.splitlines(True),
                                               case + ".expected", case + " printed"))
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--accept", action="store_true")
    options = parser.parse_intermixed_args()
    cases = options.cases or find_cases()
    failed = [case for case in cases if not check_case(case, os.path.abspath(options.aisle), options.accept)]
    print(f"{len(cases) - len(failed)} of {len(cases)} cases as expected" + "".join("\n  not " + c for c in failed))
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
