#!/bin/sh
# coverage.sh - builds with coverage, runs the tests, and prints how much of the code they reach.
#
#   tests/coverage.sh [--keep] [--missing] [--targets "NAME..."] [CTEST-ARGUMENT...]
#       --keep      adds to what earlier runs have reached, instead of beginning anew
#       --missing   also lists the lines of decoders that have a branch which was not taken
#       --targets   builds these only, such as the tests that CTEST-ARGUMENT selects: -R 'schema|query'
#
# Lines overall for what is shipped (src, include, indexer, data), then branches for the files that decode bytes from
# disk, logs and queries: there each refusal is to be reached by a test. Branches of assert and of lines marked
# GCOVR_EXCL_BR_LINE (with the reason beside it) are left out, and lines marked GCOVR_EXCL_LINE that only those lead to.
# Needs gcovr; builds into build/coverage with gcc.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build="$top/build/coverage"
keep=no
missing=no
targets=
while [ $# -gt 0 ]; do
    case $1 in
    --keep) keep=yes ;;
    --missing) missing=yes ;;
    --targets) targets=$2; shift ;;
    *) break ;;
    esac
    shift
done
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=gcc -DAISLE_COVERAGE=ON \
    -DCMAKE_C_COMPILER_LAUNCHER= >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
# shellcheck disable=SC2086
ninja -C "$build" $targets >"$build.log" 2>&1 || { tail -n 30 "$build.log" >&2; exit 1; }
[ "$keep" = yes ] || find "$build" -name '*.gcda' -delete
(cd "$build" && ctest -j 2 --output-on-failure "$@" | tail -n 15) || true

# Reads what was reached once; reports are made of that.
gcovr -r "$top" --object-directory "$build" --exclude-unreachable-branches --exclude-throw-branches \
    --exclude-lines-by-pattern '.*\b(assert|static_assert)\(.*' -f src/ -f include/ -f indexer/ -f data/ \
    --json "$build/reached.json" "$build" >/dev/null
gcovr -r "$top" -a "$build/reached.json" --csv "$build/lines.csv" >/dev/null
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
decoders="$decoders|schema_rules|value|manifest|state|pages|position|query_lex|query_parse|tokenise|fold|extents|buf"
decoders="$decoders|bytes|utf8|structure|seal|catalog_files|product_codec|line_reader|change|bound)[.][ch]\$"
awk -F, -v decoders="$decoders" '
    NR > 1 && $1 ~ decoders {
        printf "%-36s %5d lines %6.1f %%  %5d branches %6.1f %%\n", $1, $2, $2 ? 100 * $3 / $2 : 100, $5,
               $5 ? 100 * $6 / $5 : 100
        branches += $5; taken += $6 }
    END { printf "%-36s %29d branches %6.1f %%\n", "all decoders", branches, 100 * taken / branches }' \
    "$build/lines.csv"
if [ "$missing" = yes ]; then
    echo
    gcovr -r "$top" -a "$build/reached.json" -f ".*$decoders" --txt --branches
fi
