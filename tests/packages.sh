# packages.sh - sourced by try.sh and test.sh: finds out which Debian packages are missing and installs them.
#
# Says what it would install and asks before it does (not with --yes); uses sudo unless it runs as root.

# Prints those of the named packages that are not installed.
missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
    done
}

# install_packages YES PACKAGE...: YES is "yes" when nothing is to be asked.
install_packages() {
    yes=$1
    shift
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "These packages (Debian's names) are needed: $missing" >&2
        return 1
    fi
    root=
    [ "$(id -u)" -eq 0 ] || root=sudo
    echo "Missing packages: $missing"
    if [ "$yes" != yes ]; then
        if [ ! -t 0 ]; then
            echo "Run again with --yes to install them: ${root:+$root }apt-get install $missing" >&2
            return 1
        fi
        printf 'Install them with %sapt-get? [y/N] ' "${root:+$root }"
        read -r answer
        case $answer in y | Y | yes) ;; *) return 1 ;; esac
    fi
    $root apt-get update -q >/dev/null &&
        DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends $missing >/dev/null
}

BUILD_PACKAGES="cmake ninja-build gcc pkg-config libc6-dev liblmdb-dev libutf8proc-dev libstemmer-dev libzstd-dev \
libuv1-dev zlib1g-dev libxxhash-dev libyajl-dev libcmocka-dev python3"
TEST_PACKAGES="$BUILD_PACKAGES g++ dpkg-dev file snowball-data unicode-data bzip2 gzip"
ALL_PACKAGES="$TEST_PACKAGES mandoc clang libclang-rt-14-dev llvm valgrind"

# build_tree DIRECTORY CMAKE-ARGUMENT...: configures and builds.
build_tree() {
    directory=$1
    shift
    cmake -S "$top" -B "$directory" -G Ninja "$@" >"$directory.log" 2>&1 ||
        { cat "$directory.log" >&2; return 1; }
    ninja -C "$directory" >"$directory.log" 2>&1 || { tail -n 40 "$directory.log" >&2; return 1; }
}
