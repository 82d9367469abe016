#!/usr/bin/env python3
"""Checks what the compiler does not: who includes whom, file-top comments, lengths, banned calls and words.

    tidy.py TREE          checks the tree; prints `file:line: kind: what`, and exits 1 when there is anything
    tidy.py --self-test   makes small trees with one fault of each kind and checks that each is found, and no other

The include table is that of ARCHITECTURE.md. The C of it is read line by line, with comments and strings blanked out;
it relies on clang-format's layout (a function's braces stand in column 1) and is no parser.
"""
import os
import re
import subprocess
import sys
import tempfile

# Module: the modules whose doors it may include. Everything may include base.
MAY_INCLUDE = {
    "src/base": [],
    "src/schema": [],
    "src/text": [],
    "src/postings": [],
    "src/terms": [],
    "src/lexicon": [],
    "src/suggest": [],
    "src/columns": [],
    "src/documents": [],
    "src/storage": [],
    "src/segment": ["schema", "postings", "terms", "lexicon", "columns", "documents", "storage"],
    "src/rank": ["schema", "postings", "columns"],
    "src/query": ["schema", "text", "postings", "terms", "lexicon", "columns", "documents", "rank", "segment"],
    "src/rewrite": ["schema", "text", "segment", "rank", "columns", "query"],
    "src/facet": ["schema", "text", "postings", "columns", "segment", "query"],
    "src/curation": ["schema", "text", "segment", "query"],
    "src/index": ["schema", "text", "postings", "terms", "lexicon", "suggest", "columns", "documents", "storage",
                  "segment", "rank", "query", "rewrite", "facet", "curation"],
    "src/server": [],
    "src/cli": ["server"],
    "indexer": [],
    "data": [],
    "include": [],
}
FREE_FOLDERS = {"tests", "bench"}  # look into every module

# Doors besides src/<module>/<module>.h; they are open to whom the door itself is, and to those named here.
EXTRA_DOORS = {
    "src/schema/json.h": ["indexer"],
    "src/schema/product.h": [],
    "src/schema/variant.h": [],
    "src/schema/variants_patch.h": [],
    "src/documents/ids.h": [],
    "src/documents/ids_range.h": [],
    "src/postings/positions.h": [],
    "src/rank/signal.h": [],
    "src/columns/values.h": [],
    "src/query/boosts.h": [],
    "src/query/filter.h": [],
    "src/query/highlight.h": [],
    "src/rewrite/rules.h": [],
    "src/query/ranks.h": [],
    "src/query/sort.h": [],
    "src/query/unions.h": [],
    "src/query/values_merge.h": [],
    "src/query/walk.h": [],
    "src/query/watch.h": [],
    "src/query/words_kept.h": [],
    "indexer/indexer.h": ["src/cli"],
    "indexer/behind.h": ["src/cli"],
    "data/generate.h": ["src/cli"],
    "data/generate_changes.h": ["src/cli"],
}
PUBLIC_HEADER = "include/aisle.h"
PUBLIC_HEADER_USERS = {"src/base", "src/index", "src/server", "src/cli", "indexer"}

# Outside headers that only one place may know.
LIBRARY_OWNERS = [
    (re.compile(r"lmdb\.h$"), "src/storage/"),
    (re.compile(r"xxhash\.h$"), "src/base/hash.c"),
    (re.compile(r"(zstd|zdict)\w*\.h$"), ("src/documents/", "indexer/input.c")),
    (re.compile(r"zlib\.h$"), "indexer/input.c"),
    (re.compile(r"(utf8proc|libstemmer)\.h$"), "src/text/"),
    (re.compile(r"yajl/"), "src/schema/"),
    (re.compile(r"uv\.h$"), "src/server/"),
    (re.compile(r"cmocka\.h$"), "tests/"),
]

BANNED_CALLS = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|free|strdup|strndup|sprintf|vsprintf|strcpy|strcat|gets|"
                          r"atoi|abort|exit|printf|puts|putchar|fprintf|perror)\s*\(")
# Spelled in pieces, so that this file passes its own check.
BANNED_WORDS = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]) + r")\b")
BANNED_PATHS = re.compile(r"(?<![\w.])/(" + "|".join(["wo" "rk", "ro" "ot", "ho" "me"]) + r")/")
PROTOTYPE = re.compile(r"(?!typedef|static_assert|extern \"|__attribute__)[A-Za-z_][\w \*]*\w\(")

COLUMNS_MAX = 120
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800   # more needs a reason in the first comment
FILE_LINES_WALL = 1000
COMMENT_LINES_MIN = 3


class Tidy:
    """Collects the findings of one tree."""

    def __init__(self, tree):
        self.tree = tree
        self.findings = []

    def report(self, path, line, kind, what):
        self.findings.append((path, line, kind, what))

    def run(self):
        for path in list_files(self.tree):
            try:
                with open(os.path.join(self.tree, path), encoding="utf-8", newline="") as file:
                    text = file.read()
            except (UnicodeDecodeError, FileNotFoundError):
                continue  # binary, or gone since it was listed
            if "\0" in text or path.startswith("tests/fuzz/kept/"):
                continue
            self.check_words(path, text)
            if path.endswith((".c", ".h", ".py", ".sh", "CMakeLists.txt")):
                self.check_whitespace(path, text)
            if path.endswith((".c", ".h")) and path.split("/")[0] in ("src", "indexer", "data", "include", "tests",
                                                                      "bench"):
                self.check_c(path, text)
        return sorted(self.findings)

    def check_words(self, path, text):
        for number, line in enumerate(text.split("\n"), 1):
            for match in BANNED_WORDS.finditer(line):
                self.report(path, number, "banned word", match.group())
            for match in BANNED_PATHS.finditer(line):
                self.report(path, number, "machine path", match.group())

    def check_whitespace(self, path, text):
        if text and not text.endswith("\n"):
            self.report(path, text.count("\n") + 1, "final newline", "missing")
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                self.report(path, number, "tab", "use spaces")
            if line != line.rstrip():
                self.report(path, number, "trailing blank", repr(line[-10:]))
            if len(line) > COLUMNS_MAX:
                self.report(path, number, "columns", f"{len(line)}, at most {COLUMNS_MAX}")

    def check_c(self, path, text):
        lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")
        code = blank_comments(text).split("\n")
        exempt = bool(lines) and re.search(r"\b(Generated|Data table)\b", lines[0]) is not None
        self.check_file_top(path, lines, exempt)
        self.check_includes(path, text)
        self.check_functions(path, code, exempt)
        if path.startswith("src/") and not path.startswith("src/cli/") and path != "src/base/alloc.c":
            for number, line in enumerate(code, 1):
                for match in BANNED_CALLS.finditer(line):
                    self.report(path, number, "banned call", match.group(1))
        if is_door(path):
            self.check_door(path, lines, code)

    def check_file_top(self, path, lines, exempt):
        if not lines or not lines[0].startswith("/*"):
            self.report(path, 1, "first comment", "the file does not begin with a comment")
            comment = []
        else:
            end = next((i for i, line in enumerate(lines) if "*/" in line), len(lines) - 1)
            comment = lines[:end + 1]
            if len(comment) < COMMENT_LINES_MIN and not exempt:
                self.report(path, 1, "first comment", f"{len(comment)} lines, at least {COMMENT_LINES_MIN}")
        if exempt:
            return
        if len(lines) > FILE_LINES_WALL:
            self.report(path, len(lines), "file length", f"{len(lines)} lines, the wall is {FILE_LINES_WALL}")
        elif len(lines) > FILE_LINES_MAX and not re.search(r"\blines\b", " ".join(comment)):
            self.report(path, len(lines), "file length",
                        f"{len(lines)} lines; over {FILE_LINES_MAX} needs a reason (with the word `lines`) on top")

    def check_includes(self, path, text):
        folder = folder_of(path)
        if folder not in MAY_INCLUDE and folder not in FREE_FOLDERS:
            self.report(path, 1, "folder", f"{folder} does not stand in the include table of tests/tidy/tidy.py")
            return
        for number, line in enumerate(text.split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match is None:
                continue
            name = match.group(2)
            if match.group(1) == "<" and name != "aisle.h":
                self.check_library(path, number, name)
                continue
            target = self.resolve(path, name)
            if target is None:
                self.report(path, number, "include", f"{name} is not found")
            elif folder not in FREE_FOLDERS:
                fault = include_fault(folder, target)
                if fault is not None:
                    self.report(path, number, "include", f"{target}: {fault}")

    def check_library(self, path, number, name):
        for pattern, owner in LIBRARY_OWNERS:
            if pattern.match(name) and not path.startswith(owner) and folder_of(path) not in FREE_FOLDERS:
                self.report(path, number, "library", f"<{name}> belongs to {owner}")

    def resolve(self, path, name):
        for place in (os.path.dirname(path), "include", "src", "", "tests"):
            target = os.path.normpath(os.path.join(place, name))
            if os.path.isfile(os.path.join(self.tree, target)):
                return target
        return None

    def check_functions(self, path, code, exempt):
        opened = None
        for i, line in enumerate(code):
            if re.match(r"[A-Za-z_].*\)\s*\{$", line) and not line.startswith("extern "):
                self.report(path, i + 1, "function brace", "belongs on a line of its own")
            if line == "{":
                opened = i
                while opened > 0 and re.match(r"[A-Za-z_ ]", code[opened - 1]) and code[opened - 1].strip():
                    opened -= 1
            elif line == "}" and opened is not None:
                length = i - opened + 1
                if length > FUNCTION_LINES_MAX and not exempt:
                    self.report(path, opened + 1, "function length", f"{length} lines, at most {FUNCTION_LINES_MAX}")
                opened = None

    def check_door(self, path, lines, code):
        """
        A prototype needs a comment in its paragraph, or in the one before (a type's, or a neighbour's such as `new`
        for `free`); a run of inline functions may share the comment it begins with. Inline functions of base (loads,
        stores, bits) are their own contract.
        """
        covered = False
        for first, last in paragraphs(lines, code):
            body = [line for line in code[first:last] if line.strip() and not line.startswith("#")]
            if not body:
                covered = False  # a section's title, or the preprocessor
                continue
            commented = any("/*" in line for line in lines[first:last])
            starts = [line for line in body if PROTOTYPE.match(line)
                      and not (line.startswith("static inline") and folder_of(path) == "src/base")]
            if starts and not commented and not covered:
                self.report(path, first + 1, "door comment", starts[0].strip()[:60])
            inline = bool(starts) and all(line.startswith("static inline") for line in starts)
            covered = commented or (covered and inline)


def list_files(tree):
    """What git tracks or would, else every file outside hidden and build folders."""
    git = subprocess.run(["git", "-C", tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False) if has_git(tree) else None
    if git is not None and git.returncode == 0:
        return sorted(set(git.stdout.decode().split("\0")) - {""})
    found = []
    for place, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if not name.startswith((".git", "build", "__pycache__"))]
        found += [os.path.relpath(os.path.join(place, name), tree) for name in files]
    return sorted(found)


def has_git(tree):
    if not os.path.exists(os.path.join(tree, ".git")):
        return False
    return any(os.access(os.path.join(place, "git"), os.X_OK) for place in os.get_exec_path())


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "src" else parts[0]


def is_door(path):
    parts = path.split("/")
    return (path in EXTRA_DOORS or path == PUBLIC_HEADER
            or (len(parts) == 3 and parts[0] == "src" and (parts[2] == parts[1] + ".h" or parts[1] == "base")
                and path.endswith(".h")))


def include_fault(folder, target):
    """Why a file of folder may not include target, or None."""
    other = folder_of(target)
    if other == folder or other == "src/base":
        return None
    if target == PUBLIC_HEADER:
        return None if folder in PUBLIC_HEADER_USERS else f"{folder} lies below the public header"
    if folder in EXTRA_DOORS.get(target, []):
        return None
    if other.removeprefix("src/") not in MAY_INCLUDE[folder] or not other.startswith("src/"):
        return f"{folder} may not include {other}"
    return None if is_door(target) else f"private to {other}"


def blank_comments(text):
    """The text with comments, strings and character constants replaced by blanks; lines stay where they are."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def paragraphs(lines, code):
    """Runs of lines between blank lines outside braces, as (first, behind the last)."""
    found, first, depth = [], None, 0
    for i, line in enumerate(lines):
        if line.strip() == "" and depth <= 0:
            if first is not None:
                found.append((first, i))
            first = None
            continue
        first = i if first is None else first
        if not line.startswith(('extern "C"', "#")) and not (line == "}" and depth == 0):
            depth += code[i].count("{") - code[i].count("}")
    if first is not None:
        found.append((first, len(lines)))
    return found


# ----------------------------------------------------------------------------------------------------- self-test

TOP = "/*\n * A file of the self-test: it owns nothing,\n * and no thread ever sees it.\n */\n"
LONG_BODY = "static void run(void)\n{\n" + "    step();\n" * FUNCTION_LINES_MAX + "}\n"

SOUND = {
    "include/aisle.h": TOP + "/* Does it. */\nint aisle_do(void);\n",
    "src/base/buf.h": TOP + '#include "aisle.h"\n',
    "src/schema/schema.h": TOP + '#include "base/buf.h"\n\n/* One. */\nint schema_one(void);\nint schema_two(void);\n',
    "src/schema/value.h": TOP,
    "src/schema/value.c": TOP + '#include "schema/value.h"\n#include <yajl/yajl_parse.h>\n',
    "src/terms/terms.h": TOP + "/* Both ways. */\nstatic inline int terms_a(void)\n{\n    return 1;\n}\n\n"
                               "static inline int terms_b(void)\n{\n    int b = 1;\n\n    return b;\n}\n",
    "src/segment/segment.c": TOP + '#include "schema/schema.h"\n\nstatic void go(struct x *x)\n{\n'
                                   '    x->free(x); /* not free(x) */\n    log("exit(1)");\n}\n',
    "src/cli/main.c": TOP + '#include "aisle.h"\n\nint main(void)\n{\n    printf("x");\n}\n',
    "src/text/table.c": "/* Generated by tests/make.py. */\n" + "static int x;\n" * (FILE_LINES_WALL + 1),
    "tests/unit/test_a.c": TOP + '#include "schema/value.h"\n#include <lmdb.h>\n',
}

FAULTS = [
    ("include", "src/terms/bad.c", TOP + '#include "schema/schema.h"\n'),
    ("include", "src/segment/bad.c", TOP + '#include "schema/value.h"\n'),
    ("include", "src/terms/bad.c", TOP + '#include "aisle.h"\n'),
    ("include", "src/terms/bad.c", TOP + '#include "terms/nowhere.h"\n'),
    ("include", "indexer/bad.c", TOP + '#include "schema/schema.h"\n'),
    ("folder", "src/extra/bad.c", TOP),
    ("library", "src/index/bad.c", TOP + "#include <lmdb.h>\n"),
    ("library", "src/base/buf.c", TOP + "#include <xxhash.h>\n"),
    ("library", "src/terms/bad.c", TOP + "#include <zdict.h>\n"),
    ("first comment", "src/base/bad.c", "#include <stdio.h>\n"),
    ("first comment", "src/base/bad.h", "/* Too\n * short. */\n"),
    ("banned call", "src/base/bad.c", TOP + "static void go(char *p)\n{\n    free (p);\n}\n"),
    ("banned call", "src/index/bad.c", TOP + 'static void go(void)\n{\n    fprintf(stderr, "x");\n}\n'),
    ("function length", "src/base/bad.c", TOP + LONG_BODY),
    ("function length", "tests/unit/bad.c", TOP + LONG_BODY),
    ("function brace", "src/base/bad.c", TOP + "static void go(void) {\n}\n"),
    ("file length", "src/base/bad.c", TOP + "static int x;\n" * FILE_LINES_MAX),
    ("file length", "bench/bad.c", TOP.replace("nothing", "many lines") + "static int x;\n" * FILE_LINES_WALL),
    ("columns", "src/base/bad.c", TOP + "static int " + "x" * COLUMNS_MAX + ";\n"),
    ("tab", "src/base/bad.c", TOP + "static int\tx;\n"),
    ("trailing blank", "src/base/bad.c", TOP + "static int x; \n"),
    ("final newline", "src/base/bad.c", TOP + "static int x;"),
    ("banned word", "src/base/bad.c", TOP + "/* TO" "DO: all of it */\n"),
    ("banned word", "README.md", "A HA" "CK.\n"),
    ("machine path", "data/bad.sh", "cd /ho" "me/someone\n"),
    ("door comment", "src/rank/rank.h", TOP + "\nint rank_one(void);\n"),
    ("door comment", "src/rank/rank.h", TOP + "\n/* One. */\nint rank_one(void);\n\nint rank_two(void);\n\n"
                                        "int rank_three(void);\n"),
    ("door comment", "src/rank/rank.h", TOP + "\nstatic inline int rank_one(void)\n{\n    return 1;\n}\n"),
    ("door comment", "include/aisle.h", TOP + '\nextern "C" {\n\nint aisle_do(int a,\n             int b);\n\n}\n'),
]


def self_test():
    failures = 0
    for kind, path, text in [(None, None, None)] + FAULTS:
        with tempfile.TemporaryDirectory() as tree:
            files = dict(SOUND)
            if path is not None:
                files[path] = text
            for name, content in files.items():
                os.makedirs(os.path.join(tree, os.path.dirname(name)), exist_ok=True)
                with open(os.path.join(tree, name), "w", encoding="utf-8") as file:
                    file.write(content)
            found = [(where, what) for where, _, what, _ in Tidy(tree).run()]
        if found != ([] if kind is None else [(path, kind)]):
            print(f"tidy.py: self-test: {path}: expected {kind}, found {found}")
            failures += 1
    print(f"tidy.py: self-test: {len(FAULTS) + 1} trees, {failures} failed")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2 or not os.path.isfile(os.path.join(sys.argv[1], PUBLIC_HEADER)):
        print("usage: tidy.py TREE | --self-test", file=sys.stderr)
        return 2
    findings = Tidy(sys.argv[1]).run()
    for path, line, kind, what in findings:
        print(f"{path}:{line}: {kind}: {what}")
    print(f"tidy.py: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
