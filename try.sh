#!/bin/sh
# try.sh - the main job in one command: build, make a sample catalog, index it, search it.
#
#   ./try.sh [--yes]      --yes: install missing packages without asking
set -eu
top=$(cd "$(dirname "$0")" && pwd)
. "$top/tests/packages.sh"

yes=ask
for argument in "$@"; do
    case $argument in
    --yes) yes=yes ;;
    -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "try.sh: unknown argument: $argument (see --help)" >&2; exit 1 ;;
    esac
done

install_packages "$yes" $BUILD_PACKAGES
mkdir -p "$top/build"
echo "Building into build/try ..."
build_tree "$top/build/try" -DCMAKE_BUILD_TYPE=Release -DAISLE_TESTS=OFF

aisle="$top/build/try/aisle"
place="$top/build/sample"
rm -rf "$place"
mkdir -p "$place"

# show COMMAND...: prints the command as a user would type it, then runs it.
show() {
    echo
    printf '$ aisle'
    for word in "$@"; do
        case $word in *[!A-Za-z0-9_./:=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    echo
    (cd "$place" && "$aisle" "$@")
}

echo
echo '$ aisle generate --items 20000 > products.jsonl'
"$aisle" generate --items 20000 >"$place/products.jsonl"
show create shop
show index shop products.jsonl
show search shop 'waterproof hiking boots' --limit 3
show search shop 'wireles hedphones' --limit 3
show search shop 'jacket -winter' --limit 3
show search shop '"hiking boots" brand:a*' --limit 3
show search shop 'title:wireless head*' --limit 3 --explain
show search shop boots --limit 1 --facet brand:5 --facet 'price[*,50,100,200,*]:stats' --facet 'category>Shoes'
show search shop boots --sort price:asc,rating:desc --filter 'in_stock = true' --facet in_stock:multi --limit 3
show suggest shop 'wireless he' --limit 5
show get shop P000000042
show stats shop

cat <<TEXT

The catalog is build/sample/shop, the program build/try/aisle. Next: aisle --help, README.md, include/aisle.h.
TEXT
