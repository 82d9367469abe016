#!/bin/sh
# coverage.sh - builds with coverage, runs the tests, and prints how much of the code they reach.
#
#   tests/coverage.sh [--keep] [CTEST-ARGUMENT...]
#       --keep   adds to what earlier runs have reached, instead of beginning anew
#
# Lines overall for what is shipped (src, include, indexer, data), then branches for the files that decode bytes from
# disk, logs and queries: there each refusal is to be reached by a test. Branches of assert and of lines marked
# GCOVR_EXCL_BR_LINE (with the reason beside it) are left out. Needs gcovr; builds into build/coverage with gcc.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build="$top/build/coverage"
keep=no
if [ "${1:-}" = --keep ]; then
    keep=yes
    shift
fi
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DAISLE_COVERAGE=ON \
    -DCMAKE_C_COMPILER_LAUNCHER= >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
ninja -C "$build" >"$build.log" 2>&1 || { tail -n 30 "$build.log" >&2; exit 1; }
[ "$keep" = yes ] || find "$build" -name '*.gcda' -delete
(cd "$build" && ctest -j 2 --output-on-failure "$@" | tail -n 15) || true

# report CSV FILTER...: one line a file.
report() {
    csv=$1
    shift
    gcovr -r "$top" --object-directory "$build" --exclude-unreachable-branches --exclude-throw-branches \
        --exclude-lines-by-pattern '.*\b(assert|static_assert)\(.*' --csv "$csv" "$@" "$build" >/dev/null
}
report "$build/lines.csv" -f src/ -f include/ -f indexer/ -f data/
awk -F, '
    NR > 1 { lines += $2; reached += $3; branches += $5; taken += $6
             folder = $1; sub(/\/[^\/]*$/, "", folder); all[folder] += $2; hit[folder] += $3 }
    END { for (f in all) printf "%-20s %6d lines %6.1f %%\n", f, all[f], 100 * hit[f] / all[f] | "sort"
          close("sort")
          printf "%-20s %6d lines %6.1f %%, %d branches %.1f %%\n", "all", lines, 100 * reached / lines,
                 branches, 100 * taken / branches }' \
    "$build/lines.csv"
echo
echo "decoders:"
decoders='(_read|_check|_decode|_record|_unpack|column_page|ids_block|ids_table|compress|json|product|schema_parse'
decoders="$decoders|schema_rules|value|manifest|state|pages|position|query_parse|extents|bytes|utf8|structure|seal"
decoders="$decoders|catalog_files|line_reader|change|bound)[.][ch]\$"
awk -F, -v decoders="$decoders" '
    NR > 1 && $1 ~ decoders {
        printf "%-36s %5d lines %6.1f %%  %5d branches %6.1f %%\n", $1, $2, $2 ? 100 * $3 / $2 : 100, $5,
               $5 ? 100 * $6 / $5 : 100
        branches += $5; taken += $6 }
    END { printf "%-36s %29d branches %6.1f %%\n", "all decoders", branches, 100 * taken / branches }' \
    "$build/lines.csv"
