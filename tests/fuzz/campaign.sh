#!/bin/sh
# campaign.sh - runs every fuzz target for a given time, at low priority, and keeps what was found.
#
#   tests/fuzz/campaign.sh [--seconds N] [--rounds N] [--jobs N] [--report] [TARGET...]
#       --seconds N  time of one target in one round; default 60
#       --rounds N   how often to go round all targets; default 1
#       --jobs N     targets at once; default 1
#       --report     builds and runs nothing, prints the table of what has been run so far
#
# Builds into build/fuzz with clang, ASan and UBSan. The corpus grows in build/fuzz-work, outside the repository, and
# begins with tests/fuzz/kept. An input that crashes is made smaller and put into build/fuzz-work/found/TARGET; once
# mended, keep it in tests/fuzz/kept/TARGET, where ctest replays it. Exit status 1 when anything was found.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build="$top/build/fuzz"
work="$top/build/fuzz-work"
seconds=60
rounds=1
jobs=1
report=no
targets=
while [ $# -gt 0 ]; do
    case $1 in
    --seconds) seconds=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    --jobs) jobs=$2; shift ;;
    --report) report=yes ;;
    -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "campaign.sh: unknown argument: $1 (see --help)" >&2; exit 1 ;;
    *) targets="$targets $1" ;;
    esac
    shift
done
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=allocator_may_return_null=1

# stat NAME LOG: a figure of libFuzzer's final statistics, 0 where the target died before them.
stat() {
    sed -n "s/^stat::$1: *\([0-9]*\).*/\1/p" "$2" | grep . || echo 0
}

# Makes a crashing input smaller, in half a minute; the last one written is the smallest.
minimise() {
    "$build/tests/$1" -minimize_crash=1 -max_total_time=30 -exact_artifact_path="$2.min" "$2" >"$2.log" 2>&1 || true
    [ ! -s "$2.min" ] || mv "$2.min" "$2"
}

# run_target TARGET: one turn; adds a line "target seconds runs edges features found" to the totals.
run_target() {
    target=$1
    corpus="$work/corpus/$target"
    found="$work/found/$target"
    log="$work/$target.log"
    mkdir -p "$corpus" "$found"
    begun=$(date +%s)
    nice -n 19 "$build/tests/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -reload=0 -artifact_prefix="$work/new-$target-" "$corpus" "$top/tests/fuzz/kept/$target" >"$log" 2>&1 || true
    fresh=0
    for input in "$work/new-$target-"*; do
        [ -e "$input" ] || continue
        fresh=$((fresh + 1))
        place="$found/$(basename "$input" | sed "s/^new-$target-//")"
        mv "$input" "$place"
        cp "$log" "$place.first-log"
        minimise "$target" "$place"
    done
    runs=$(stat number_of_executed_units "$log")
    last=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1 || true)
    edges=$(echo "$last" | cut -d ' ' -f 2)
    features=$(echo "$last" | cut -d ' ' -f 4)
    echo "$target $(($(date +%s) - begun)) $runs ${edges:-0} ${features:-0} $fresh" >>"$work/totals"
}

print_table() {
    printf '%-20s %9s %12s %7s %9s %7s\n' target seconds executions edges features crashes
    sort "$work/totals" | awk '
        { if (!($1 in time)) order[++count] = $1
          time[$1] += $2; runs[$1] += $3; found[$1] += $6
          if ($4 > edges[$1]) edges[$1] = $4
          if ($5 > features[$1]) features[$1] = $5 }
        END { for (i = 1; i <= count; i++) { t = order[i]
              printf "%-20s %9d %12d %7d %9d %7d\n", t, time[t], runs[t], edges[t], features[t], found[t]
              all_time += time[t]; all_runs += runs[t]; all_found += found[t] }
              printf "%-20s %9d %12d %7s %9s %7d\n", "all", all_time, all_runs, "", "", all_found
              exit all_found != 0 }'
}

mkdir -p "$work"
touch "$work/totals"
if [ "$report" = no ]; then
    nice -n 19 cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang \
        -DAISLE_FUZZ=ON -DAISLE_SANITIZE=address,undefined >"$work/build.log" 2>&1
    if [ -z "$targets" ]; then
        targets=$(cd "$top/tests/fuzz" && ls fuzz_*.c | sed 's/\.c$//')
    fi
    # shellcheck disable=SC2086
    nice -n 19 ninja -C "$build" $targets >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; exit 1; }
    round=0
    while [ "$round" -lt "$rounds" ]; do
        running=0
        for target in $targets; do
            run_target "$target" &
            running=$((running + 1))
            if [ "$running" -ge "$jobs" ]; then
                wait
                running=0
            fi
        done
        wait
        round=$((round + 1))
    done
fi
print_table
