#!/usr/bin/env python3
"""Installs what was built, into a place of its own, and uses it as a newcomer would.

    install.py tree BUILD SOURCE CC       `cmake --install` with DESTDIR; then the tree is moved, and used from there
    install.py packages BUILD SOURCE CC   `cpack`; then the Debian packages are installed and used in a throwaway copy
                                          of this system (an overlay, as root), or unpacked where that cannot be made

Used means: the exported symbols are AISLE_API's, all of them and no other; the README's program builds with pkg-config
and with find_package(aisle), shared and static, and finds its shoe; the program `aisle` indexes and searches.
Nothing outside the temporary place is written. Exit status: 0, or 1 with what was wrong.
"""
import glob
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

SONAME = "libaisle.so.0"
SYMBOL_VERSION = "AISLE_0.1"
PACKAGES = ["aisle", "libaisle-dev", "libaisle0"]
LINKED = ["liblmdb0", "libstemmer0d", "libutf8proc2", "libzstd1", "libxxhash0", "libyajl2", "libc6"]
HEADERS_NEEDED = ["liblmdb-dev", "libstemmer-dev", "libutf8proc-dev", "libzstd-dev", "libxxhash-dev", "libyajl-dev"]


class Failure(Exception):
    """A check that did not hold."""


def require(holds, what):
    if not holds:
        raise Failure(what)


def run(*command, **options):
    """Runs the command and returns what it prints; a failure shows all of it."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    require(done.returncode == 0, f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


# ---------------------------------------------------------------------------------------------- use what is there

class Use:
    """An installed Aisle below prefix, used from place."""

    def __init__(self, prefix, source, compiler, place):
        self.prefix, self.source, self.compiler, self.place = prefix, source, compiler, place
        found = glob.glob(f"{prefix}/lib/**/{SONAME}", recursive=True)
        require(len(found) == 1, f"{SONAME} below {prefix}: {found}")
        self.libraries = os.path.dirname(found[0])
        self.environment = dict(os.environ)
        if prefix != "/usr":  # there, every tool looks by itself
            self.environment.update(PKG_CONFIG_PATH=f"{self.libraries}/pkgconfig", LD_LIBRARY_PATH=self.libraries)
        self.program = f"{place}/program.c"
        run(sys.executable, f"{source}/tests/examples/extract.py", "readme", f"{source}/README.md", self.program)

    def check_all(self):
        self.check_symbols()
        self.check_pkg_config()
        self.check_cmake()
        self.check_program()

    def check_symbols(self):
        with open(f"{self.prefix}/include/aisle.h", encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        declared = set(re.findall(r"^AISLE_API [^;(]*?(\w+)\(", text, re.M))
        shared = run("nm", "-D", "--defined-only", f"{self.libraries}/{SONAME}")
        exported = {name.removesuffix("@@" + SYMBOL_VERSION) for kind, name in re.findall(r" (\w) (\S+)$", shared, re.M)
                    if kind != "A"}
        static = run("nm", "-g", "--defined-only", f"{self.libraries}/libaisle.a")
        archived = set(re.findall(r" \w (\S+)$", static, re.M))
        require(exported == declared, f"{SONAME} and aisle.h differ in {sorted(exported ^ declared)}")
        require(archived == declared, f"libaisle.a and aisle.h differ in {sorted(archived ^ declared)}")
        require(f"soname: [{SONAME}]" in run("readelf", "-d", f"{self.libraries}/{SONAME}"), "SONAME")
        print(f"{len(declared)} functions, all exported, no other symbol")

    def pkg_config(self, *arguments):
        return run("pkg-config", *arguments, "aisle", env=self.environment).split()

    def check_pkg_config(self):
        require(self.pkg_config("--modversion") == [self.version()], "versions of aisle.pc and the program differ")
        shared = self.pkg_config("--cflags", "--libs")
        static = self.pkg_config("--static", "--cflags", "--libs")
        static[static.index("-laisle")] = "-l:libaisle.a"
        for name, flags in (("shared", shared), ("static", static)):
            binary = f"{self.place}/{name}"
            run(self.compiler, "-Wall", "-Wextra", "-Werror", self.program, "-o", binary, *flags)
            self.check_binary(binary, name == "shared")

    def check_cmake(self):
        tree = f"{self.place}/consumer"
        run("cmake", "-S", f"{self.source}/tests/install/consumer", "-B", tree, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={self.compiler}", f"-DPROGRAM={self.program}", f"-DVERSION={self.version()}",
            env=self.environment)
        run("cmake", "--build", tree, env=self.environment)
        self.check_binary(f"{tree}/with_shared", True)
        self.check_binary(f"{tree}/with_static", False)

    def check_binary(self, binary, is_shared):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", binary))
        require((SONAME in needed) == is_shared, f"{binary} needs {needed}")
        with tempfile.TemporaryDirectory(dir=self.place) as empty:
            printed = run(binary, cwd=empty, env=self.environment)
        require(re.match(r"P1 \d\.\d+\n$", printed), f"{binary} printed {printed!r}")
        print(f"{os.path.basename(binary)}: {printed.strip()}")

    def version(self):
        return run(f"{self.prefix}/bin/aisle", "--version").split()[1]

    def check_program(self):
        aisle = f"{self.prefix}/bin/aisle"
        with tempfile.TemporaryDirectory(dir=self.place) as empty:
            with open(f"{empty}/products.jsonl", "w", encoding="utf-8") as file:
                file.write(run(aisle, "generate", "--items", "100"))
            run(aisle, "index", "shop", "products.jsonl", cwd=empty)
            require("no faults" in run(aisle, "check", "shop", cwd=empty), "the program's own catalog is faulty")
            require("100" in run(aisle, "search", "shop", "", "--limit", "1", cwd=empty), "100 products are not found")


# ------------------------------------------------------------------------------------------------- a plain tree

def list_files(root):
    return sorted(os.path.relpath(os.path.join(place, name), root)
                  for place, _, names in os.walk(root) for name in names)


def check_tree(build, source, compiler, place):
    run("cmake", "--install", build, "--prefix", "/opt/first", env=dict(os.environ, DESTDIR=f"{place}/destination"))
    require(os.listdir(f"{place}/destination") == ["opt"], "installed outside the prefix")
    moved = f"{place}/moved"
    os.rename(f"{place}/destination/opt/first", moved)
    files = list_files(moved)
    print(f"{len(files)} files")
    for name in files:
        if not name.endswith((".so", ".a", ".so.0", ".gz")) and os.path.getsize(f"{moved}/{name}") < 1 << 17:
            with open(f"{moved}/{name}", encoding="utf-8", errors="replace") as file:
                text = file.read()
            require("/opt/first" not in text and build not in text, f"{name} names where it was built or installed")
    Use(moved, source, compiler, place).check_all()


def main():
    mode, build, source, compiler = sys.argv[1:5]
    with tempfile.TemporaryDirectory(prefix="install-") as place:
        try:
            {"tree": check_tree}[mode](build, source, compiler, place)
        except Failure as failure:
            print(f"install.py: {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
