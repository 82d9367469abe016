#!/usr/bin/env python3
"""Compiles include/aisle.h alone, and what a user writes with it, in every language and compiler it promises.

    header.py SOURCE-TREE      gcc and clang in C99 and C11, g++ and clang++ in C++17; says which are not there

Exit status: 0, or 1 when one complains or none is there.
"""
import shutil
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-fsyntax-only"]
LANGUAGES = [("c", ["gcc", "clang"], ["c99", "c11"]), ("c++", ["g++", "clang++"], ["c++17"])]
ALONE = "#include <aisle.h>\n#include <aisle.h>\n"
USE = ALONE + """
int count(aisle *catalog, const char *text, aisle_result **result);

int count(aisle *catalog, const char *text, aisle_result **result)
{
    aisle_error error;
    aisle_query query = {%s};
    query.size = sizeof query;
    query.text = text;
    return aisle_search(catalog, &query, result, &error) == AISLE_OK ? (int)aisle_result_count(*result) : error.code;
}
"""


def example(tree, kind, source):
    """The example program of a file, which is C."""
    with tempfile.TemporaryDirectory(prefix="header-") as place:
        extract = f"{tree}/tests/examples/extract.py"
        subprocess.run([sys.executable, extract, kind, f"{tree}/{source}", f"{place}/out.c"], check=True)
        with open(f"{place}/out.c", encoding="utf-8") as file:
            return file.read()


def main():
    tree = sys.argv[1]
    tried, failed = 0, 0
    programs = [example(tree, "readme", "README.md"), example(tree, "header", "include/aisle.h")]
    for language, compilers, standards in LANGUAGES:
        texts = [ALONE, USE % "0", *programs] if language == "c" else [ALONE, USE % ""]
        for compiler in compilers:
            if shutil.which(compiler) is None:
                print(f"{compiler}: not installed")
                continue
            for standard in standards:
                command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, "-I", f"{tree}/include", "-"]
                clean = all([subprocess.run(command, input=text, text=True, check=False).returncode == 0
                             for text in texts])
                print(f"{compiler} -std={standard}: {'clean' if clean else 'complains'}")
                tried += 1
                failed += not clean
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
