#!/usr/bin/env python3
"""Installs what was built, into a place of its own, and uses it as a newcomer would.

    install.py tree BUILD SOURCE CC       `cmake --install` with DESTDIR; then the tree is moved, and used from there
    install.py packages BUILD SOURCE CC   `cpack`; then the Debian packages are installed, used and purged in a
                                          throwaway copy of this system (an overlay, as root), or, where there cannot
                                          be one, unpacked and used
    install.py installed PACKAGES SOURCE CC   what runs in that copy

Used means: the exported symbols are AISLE_API's, all of them and no other; the README's program builds with pkg-config
and with find_package(aisle), shared and static, and finds its shoe; the program `aisle` indexes and searches.
Nothing outside the temporary place is written. Exit status: 0, or 1 with what was wrong.
"""
import glob
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
        found = glob.glob(f"{prefix}/lib/{SONAME}") + glob.glob(f"{prefix}/lib/*/{SONAME}")
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
        require(re.match(r"P1 \d\.\d+\n", printed), f"{binary} printed {printed!r}")
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
    missing = {"include/aisle.h", "bin/aisle", "share/man/man1/aisle.1", "share/man/man3/libaisle.3",
               "share/doc/libaisle-dev/examples/till.c"} - set(files)
    require(not missing, f"not installed: {sorted(missing)}")
    print(f"{len(files)} files")
    for name in files:
        if not name.endswith((".so", ".a", ".so.0", ".gz")) and os.path.getsize(f"{moved}/{name}") < 1 << 17:
            with open(f"{moved}/{name}", encoding="utf-8", errors="replace") as file:
                text = file.read()
            require("/opt/first" not in text and build not in text, f"{name} names where it was built or installed")
    Use(moved, source, compiler, place).check_all()


# ------------------------------------------------------------------------------------------------ Debian packages

# $1: where to mount, $2 and $3: folders that the copy of the system shows too; the rest is run in it.
OVERLAY = """
set -e
mount -t tmpfs none "$1"
mkdir "$1/changes" "$1/work" "$1/system"
mount -t overlay none -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/system"
mount --rbind /dev "$1/system/dev"
mount --rbind /proc "$1/system/proc"
touch "$1/system/throwaway-copy"
mkdir -p "$1/system$2" "$1/system$3"
mount --bind "$2" "$1/system$2"
mount --bind "$3" "$1/system$3"
system=$1/system
shift 3
exec chroot "$system" "$@"
"""


def overlay(place, source, *command):
    """The command line that runs command in a copy of this system, which is gone when it ends."""
    os.makedirs(f"{place}/overlay", exist_ok=True)
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", OVERLAY, "sh", f"{place}/overlay", place,
            source, *command]


def can_overlay(place, source):
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(overlay(place, source, "true"), stderr=subprocess.DEVNULL, check=False).returncode == 0


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


def check_package_files(packages):
    """Who depends on whom, and that each file is where Debian wants it, in one package only."""
    names = {field(package, "Package"): package for package in packages}
    require(sorted(names) == PACKAGES, f"packages {sorted(names)}")
    for name in ("aisle", "libaisle0"):
        missing = set(LINKED) - set(re.findall(r"[\w.+-]+(?= \()", field(names[name], "Depends")))
        require(not missing, f"{name} does not depend on {missing}")
    depends = field(names["libaisle-dev"], "Depends").split(", ")
    version = field(names["libaisle0"], "Version")
    require(set(depends) == {f"libaisle0 (= {version})", *HEADERS_NEEDED}, f"libaisle-dev depends on {depends}")
    found = []
    for name, package in names.items():
        files = re.findall(r"^[-l].* \./(\S+)(?: -> \S+)?$", run("dpkg-deb", "-c", package), re.M)
        wanted = [f"usr/share/doc/{name}/copyright", f"usr/share/doc/{name}/changelog.gz"]
        wanted += {"aisle": ["usr/bin/aisle", "usr/share/man/man1/aisle.1.gz"],
                   "libaisle-dev": ["usr/include/aisle.h", "usr/share/man/man3/libaisle.3.gz"],
                   "libaisle0": []}[name]
        require(set(wanted) <= set(files), f"{name} lacks {sorted(set(wanted) - set(files))}")
        print(f"{os.path.basename(package)}: {len(files)} files, {os.path.getsize(package)} bytes")
        found += files
    require(len(found) == len(set(found)), "a file is in two packages")


def check_packages(build, source, compiler, place):
    run("cpack", "--config", f"{build}/CPackConfig.cmake", "-G", "DEB", "-B", f"{place}/packages")
    packages = sorted(glob.glob(f"{place}/packages/*.deb"))
    check_package_files(packages)
    if shutil.which("lintian") is not None:
        print(run("lintian", "--allow-root", "--fail-on", "error", *packages))
    if can_overlay(place, source):
        print("installed in a throwaway copy of this system:")
        print(run(*overlay(place, source, sys.executable, os.path.abspath(__file__), "installed", f"{place}/packages",
                           source, compiler)))
        return
    print("no throwaway copy of this system can be made here; unpacked:")
    for package in packages:
        run("dpkg-deb", "-x", package, f"{place}/unpacked")
    Use(f"{place}/unpacked/usr", source, compiler, place).check_all()


def check_installed(packages, source, compiler, place):
    """In the copy of the system: installs the packages, uses them, takes them away again."""
    require(os.path.exists("/throwaway-copy"), "this is for the throwaway copy of a system")
    if os.path.exists("/var/lib/man-db/auto-update"):
        os.remove("/var/lib/man-db/auto-update")  # or dpkg has all pages of the system indexed, twice
    run("dpkg", "-i", *glob.glob(f"{packages}/*.deb"))
    require(SONAME in run("ldconfig", "-p"), f"the linker does not know {SONAME}")
    Use("/usr", source, compiler, place).check_all()
    run("dpkg", "-P", *PACKAGES)
    require(SONAME not in run("ldconfig", "-p"), f"{SONAME} is still there")
    require(shutil.which("aisle") is None, "the program is still there")


def main():
    mode, build, source, compiler = sys.argv[1:5]
    checks = {"tree": check_tree, "packages": check_packages, "installed": check_installed}
    with tempfile.TemporaryDirectory(prefix="install-") as place:
        try:
            checks[mode](build, source, compiler, place)
        except Failure as failure:
            print(f"install.py: {failure}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
