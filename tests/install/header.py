#!/usr/bin/env python3
"""Compiles include/aisle.h alone, and what a user writes with it, in every language and compiler it promises.

    header.py SOURCE-TREE      gcc and clang in C99 and C11, g++ and clang++ in C++17; says which are not there

Exit status: 0, or 1 when one complains or none is there.
"""
import os
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


def main():
    tree = sys.argv[1]
    tried, failed = 0, 0
    with tempfile.TemporaryDirectory(prefix="header-") as place:
        readme = os.path.join(place, "readme.c")
        extract = os.path.join(tree, "tests/examples/extract.py")
        subprocess.run([sys.executable, extract, "readme", os.path.join(tree, "README.md"), readme], check=True)
        with open(readme, encoding="utf-8") as file:
            program = file.read()
        for language, compilers, standards in LANGUAGES:
            use = USE % ("0" if language == "c" else "")
            texts = [ALONE, use] + ([program] if language == "c" else [])
            for compiler in compilers:
                if shutil.which(compiler) is None:
                    print(f"{compiler}: not installed")
                    continue
                for standard in standards:
                    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS,
                               "-I", os.path.join(tree, "include"), "-"]
                    good = [subprocess.run(command, input=text, text=True, check=False).returncode == 0
                            for text in texts]
                    print(f"{compiler} -std={standard}: {'clean' if all(good) else 'complains'}")
                    tried += 1
                    failed += not all(good)
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
