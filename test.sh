#!/bin/sh
# test.sh - builds and runs the tests.
#
#   ./test.sh [--yes] [--all]
#       --yes   install missing packages without asking
#       --all   every compiler and sanitizer: gcc, clang, ASan+UBSan, TSan, valgrind
set -eu
top=$(cd "$(dirname "$0")" && pwd)
. "$top/tests/packages.sh"

yes=ask
all=no
for argument in "$@"; do
    case $argument in
    --yes) yes=yes ;;
    --all) all=yes ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown argument: $argument (see --help)" >&2; exit 1 ;;
    esac
done

if [ "$all" = yes ]; then
    install_packages "$yes" $ALL_PACKAGES
else
    install_packages "$yes" $TEST_PACKAGES
fi
mkdir -p "$top/build"

# run NAME CTEST-ARGUMENTS CMAKE-ARGUMENT...: one build type and its tests.
run() {
    name=$1
    selection=$2
    shift 2
    echo "== $name"
    build_tree "$top/build/$name" "$@"
    # shellcheck disable=SC2086
    (cd "$top/build/$name" && ctest --output-on-failure -j 2 $selection)
}

if [ "$all" = yes ]; then
    export UBSAN_OPTIONS=print_stacktrace=1
    run asan "-LE slow" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang -DAISLE_SANITIZE=address,undefined
    run tsan "-L threads" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DAISLE_SANITIZE=thread
    run clang "-LE slow" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang
    run valgrind "-L valgrind" -DCMAKE_BUILD_TYPE=Debug \
        "-DAISLE_TEST_LAUNCHER=valgrind;-q;--error-exitcode=99;--leak-check=full;--errors-for-leak-kinds=definite"
fi
run gcc "" -DCMAKE_BUILD_TYPE=RelWithDebInfo
