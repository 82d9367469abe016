#!/usr/bin/env python3
"""Checks the manual pages: sound roff, and not a word lost of what they are made from.

    manual.py AISLE aisle.h aisle.1 libaisle.3

mandoc's lint and groff's warnings are asked where they are installed. Exit status: 0, or 1 with what was wrong.
"""
import collections
import re
import shutil
import subprocess
import sys

LINTERS = [["mandoc", "-T", "lint", "-W", "warning"], ["groff", "-ww", "-man", "-z", "-Tutf8"]]
MACHINERY = re.compile(r"^#(?!define AISLE_VERSION).*\n|^.*\bXX\(name.*\n|extern \"C\"|AISLE_API|AISLE_##name|"
                       r"enum aisle_code \{.*?\};", re.M | re.S)


def words(text):
    return collections.Counter(re.findall(r"[A-Za-z]{3,}", text))


def lint(page):
    faults = 0
    for command in LINTERS:
        if shutil.which(command[0]) is None:
            print(f"{command[0]}: not installed")
            continue
        done = subprocess.run([*command, page], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode != 0 or done.stdout.strip():
            print(f"{page}: {command[0]}: {done.stdout}")
            faults += 1
    return faults


def compare(page, source):
    with open(page, encoding="utf-8") as file:
        text = re.sub(r"\\f[BIPR]|\\\(..|\\&", " ", file.read().replace("\\-", "-"))
    lost = words(source) - words(text)
    if lost:
        print(f"{page}: lost words: {dict(lost)}")
    return len(lost)


def main():
    aisle, header, program_page, library_page = sys.argv[1:5]
    top = subprocess.run([aisle, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    names = re.findall(r"^  (\w+) +\S", top, re.M)
    helps = [subprocess.run([aisle, name, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
             for name in names]
    with open(header, encoding="utf-8") as file:
        code = MACHINERY.sub("", file.read())
    faults = lint(program_page) + lint(library_page) + compare(library_page, code)
    faults += compare(program_page, re.sub(r"Usage:|Examples:", "", "".join(helps)))
    print(f"{len(names)} commands, {faults} faults")
    return 1 if faults or not names else 0


if __name__ == "__main__":
    sys.exit(main())
