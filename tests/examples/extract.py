#!/usr/bin/env python3
"""Writes the example programs of README.md and include/aisle.h to files, so that tests compile and run them.

    extract.py readme README.md OUT.c     the first ```c block, as it stands
    extract.py header include/aisle.h OUT.c   the indented block of the first comment, inside a main function
"""
import re
import sys


def readme_example(text):
    return re.search(r"^```c\n(.*?)^```", text, re.S | re.M).group(1)


def header_example(text):
    block = re.search(r"((?:^ \*     .*\n)+)", text, re.M).group(1)
    body = re.sub(r"^ \*     ", "    ", block, flags=re.M)
    return ("#include <aisle.h>\n#include <stdio.h>\n#include <string.h>\n\nint main(void)\n{\n"
            + body + "\n    return 0;\n}\n")


def main():
    kind, source, target = sys.argv[1:4]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    code = {"readme": readme_example, "header": header_example}[kind](text)
    with open(target, "w", encoding="utf-8") as file:
        file.write(code)


if __name__ == "__main__":
    main()
