#!/usr/bin/env python3
"""Holds LIMITS.md to src/base/limits.h.

    limits.py ROOT

Every constant of the header stands in one row of the page with its value, or below among those that nobody but the
program itself meets; rows name no others. Every limit with an error of aisle.h behind it, in the tables of requests,
of the shop's files and of schemas, is tried by tests/unit/test_index_limits.c, but for those that say below where else.
Exit status: 0, or 1 with a line for each fault.
"""
import re
import sys

INNER = {
    "LIMIT_SEGMENTS", "LIMIT_PARTS", "LIMIT_COLUMN_VALUES", "LIMIT_DICTIONARY_BYTES", "LIMIT_STEM_CACHE",
    "LIMIT_TERM_VALUE_BYTES", "LIMIT_SEGMENT_TERMS", "LIMIT_LEXICON_WORDS", "LIMIT_PLACE", "LIMIT_READERS",
    "LIMIT_MAP_BYTES", "LIMIT_EXTENTS_COMPONENT", "LIMIT_TRANSACTION_BYTES", "LIMIT_CREW_POSTINGS",
    "LIMIT_BUDGET_DEFAULT_BYTES", "LIMIT_CACHE_DEFAULT_BYTES", "LIMIT_CACHE_PRODUCT_BYTES", "LIMIT_RANKS_SHARE",
    "LIMIT_LEADS", "LIMIT_VALUES_KNOWN",
}
TRIED_ELSEWHERE = {
    "LIMIT_RESULT_BYTES": "tests/unit/test_index_search.c",
    "LIMIT_QUERY_MEMORY_BYTES": "tests/unit/test_index_alloc.c",  # as an allocation that fails
    "LIMIT_SHARDS": "tests/unit/test_index_catalog.c",
    "LIMIT_PATH_BYTES": "tests/unit/test_index_catalog.c",
    "LIMIT_LEARN_BYTES": "tests/unit/test_index_suggest.c",
}
ERRORS = {"LIMIT", "BAD_QUERY", "BAD_SCHEMA", "BAD_PRODUCT", "INVALID", "NO_MEMORY"}
UNITS = {"KiB": 10, "MiB": 20, "GiB": 30}


def constants(text):
    found = {}
    for name, value in re.findall(r"^#define (LIMIT_\w+)\s+(.*?)\s*(?:/\*.*)?$", text, re.M):
        value = re.sub(r"UINT64_C\((\d+)\)", r"\1", value)
        found[name] = eval(re.sub(r"\b(0x[0-9a-fA-F]+|\d+)u\b", r"\1", value), {"__builtins__": {}})
    return found


def rows(text):
    """(section, name, value, what is past it) of each row."""
    section = ""
    for line in text.splitlines():
        section = line[3:] if line.startswith("## ") else section
        match = re.match(r"\| `(LIMIT_\w+)` \| ([\d,]+)(?: (\w+))? \| .* \| (.*?) \|$", line)
        if match:
            value = int(match[2].replace(",", "")) << UNITS.get(match[3], 0)
            yield section, match[1], value, match[4]


def read(root, path):
    with open(f"{root}/{path}", encoding="utf-8") as file:
        return file.read()


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    limits = constants(read(root, "src/base/limits.h"))
    tested = read(root, "tests/unit/test_index_limits.c")
    faults = []
    seen = set()
    for section, name, value, past in rows(read(root, "LIMITS.md")):
        if name in seen:
            faults.append(f"{name} stands twice in LIMITS.md")
        seen.add(name)
        if limits.get(name) != value:
            faults.append(f"{name} is {limits.get(name)} in limits.h, {value} in LIMITS.md")
        is_error = past.split(";")[0] in ERRORS and section != "Change logs, server"
        if is_error and name not in tested and name not in TRIED_ELSEWHERE:
            faults.append(f"{name} is tried by no test")
    for name in sorted(set(limits) - seen - INNER):
        faults.append(f"{name} is in limits.h, not in LIMITS.md")
    for name in sorted(INNER & seen):
        faults.append(f"{name} is listed as inner, and stands in LIMITS.md")
    for fault in faults:
        print(fault)
    return 1 if faults or not limits else 0


if __name__ == "__main__":
    sys.exit(main())
