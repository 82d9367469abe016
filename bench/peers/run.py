#!/usr/bin/env python3
"""Compares Aisle with Lucene, Tantivy, Xapian and SQLite FTS5: same products, same terms, same queries.

    bench/peers/run.py [--items N | --products FILE] [--engines aisle,lucene,...] [--rounds N] [--json FILE]
    bench/peers/run.py --items 10000000 --keep peers --queries 100 --slow 10 --json figures-10000000.json

Builds every program, the corpus (export.c) and the queries (queries.py), then each engine's index, one at a time; then
lets the engines answer in turn, --rounds times, each in a process of its own on one thread. Totals must be equal to
Aisle's. Prints one table in Markdown: medians over rounds, and ratios to Aisle's within the same round; exits 1 when
totals differ. README.md says what is compared and what is not.
"""
import argparse
import glob
import gzip
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys

import queries

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
AISLE = f"{ROOT}/build/peers/aisle"  # of this tree, wherever the others are
LUCENE = "10.6.0"
LUCENE_JARS = ("lucene-core", "lucene-analysis-common", "lucene-misc")
MODES = ("top", "count")
RIVALS = ("lucene", "lucene-bp", "lucene-built", "tantivy")  # the best of these is what Aisle is measured by


def run(command, **options):
    return subprocess.run(command, check=True, **options)


# ---- programs: each function builds one in `work` and returns the command that starts it ----

def make_aisle(work):
    os.makedirs(work, exist_ok=True)
    run(["cmake", "-S", ROOT, "-B", AISLE, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"], stdout=subprocess.DEVNULL)
    run(["ninja", "-C", AISLE, "aisle", "peer_export", "peer_aisle"], stdout=subprocess.DEVNULL)
    return [f"{AISLE}/bench/peers/peer_aisle"]


def make_sqlite(work):
    run(["cc", "-std=gnu11", "-O2", f"{HERE}/sqlite.c", "-lsqlite3", "-o", f"{work}/peer_sqlite"])
    return [f"{work}/peer_sqlite"]


def make_xapian(work):
    flags = subprocess.check_output(["xapian-config", "--cxxflags", "--libs"], text=True).split()
    run(["c++", "-O2", f"{HERE}/xapian.cpp", *flags, "-o", f"{work}/peer_xapian"])
    return [f"{work}/peer_xapian"]


def make_tantivy(work):
    # Built beside its target, so that cargo's lock file stays out of the tree.
    shutil.copytree(f"{HERE}/tantivy", f"{work}/tantivy", dirs_exist_ok=True)
    run(["cargo", "build", "--release", "--quiet"], cwd=f"{work}/tantivy")
    return [f"{work}/tantivy/target/release/peer_tantivy"]


def java_home():
    """The newest JDK there is: $JAVA_HOME or one of the system's."""
    def version(home):
        with open(f"{home}/release") as file:
            return int(re.search(r'JAVA_VERSION="(\d+)', file.read()).group(1))
    homes = [h for h in [os.environ.get("JAVA_HOME"), *glob.glob("/usr/lib/jvm/*")]
             if h and os.path.exists(f"{h}/release") and os.path.exists(f"{h}/bin/javac")]
    best = max(homes, key=version, default=None)
    if best is None or version(best) < 21:
        sys.exit("run.py: Lucene 10 needs a JDK of at least 21; set JAVA_HOME")
    return best


def make_lucene(work):
    home, jars = java_home(), f"{work}/java"
    for name in LUCENE_JARS:
        if not os.path.exists(f"{jars}/{name}-{LUCENE}.jar"):
            run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact=org.apache.lucene:{name}:{LUCENE}",
                 f"-DoutputDirectory={os.path.abspath(jars)}"], stderr=subprocess.DEVNULL)
    path = ":".join([f"{jars}/classes", *(f"{jars}/{name}-{LUCENE}.jar" for name in LUCENE_JARS)])
    run([f"{home}/bin/javac", "-d", f"{jars}/classes", "-cp", path, f"{HERE}/Lucene.java"])
    return [f"{home}/bin/java", "-Xmx6g", "-XX:+UseSerialGC", "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-cp", path, "Lucene"]


class Engine:
    """
    warm: passes before those that are measured (a JIT wants many); passes: measured in one round; variant: the last
    argument of the build; base: the engine of whose index a merge makes this one's, instead; slow: may be asked fewer
    queries; sizes: is built for its rate and bytes with stored products, and not asked.
    """

    def __init__(self, make, warm=1, passes=3, variant=None, base=None, slow=False, sizes=False):
        self.make, self.warm, self.passes, self.variant, self.base = make, warm, passes, variant, base
        self.slow, self.sizes = slow, sizes
        self.command, self.index, self.built, self.rounds = None, None, {}, {mode: [] for mode in MODES}
        self.asked, self.path, self.answers, self.log = [], None, {}, None


ENGINES = {
    "aisle": Engine(make_aisle, variant="merged"),
    "aisle-built": Engine(make_aisle, variant="built"),
    "lucene-built": Engine(make_lucene, 8, 3, "built"),
    "lucene": Engine(make_lucene, 8, 3, "merged", base="lucene-built"),
    "lucene-bp": Engine(make_lucene, 8, 3, "reordered", base="lucene-built"),
    "tantivy": Engine(make_tantivy, 2, variant="merged"),
    "xapian": Engine(make_xapian, slow=True),
    "sqlite": Engine(make_sqlite, slow=True),
    "lucene-stored": Engine(make_lucene, variant="stored", sizes=True),
    "lucene-small": Engine(make_lucene, variant="small", sizes=True),
    "tantivy-stored": Engine(make_tantivy, variant="stored", sizes=True),
}
USUAL = "aisle,lucene,lucene-bp,tantivy,xapian,sqlite"


# ---- input ----

def export_lines(lines):
    """Terms of each JSON product in lines, spelled as in the corpus."""
    done = run([f"{AISLE}/bench/peers/peer_export"], input="\n".join(lines) + "\n", text=True, capture_output=True)
    return [line.rsplit("\t", 1)[1].split() for line in done.stdout.splitlines()]


def generated_log(arguments):
    """What the generator's shoppers type for its products, as terms; nothing for other products."""
    if arguments.products:
        return []
    typed = subprocess.check_output([f"{AISLE}/aisle", "generate", "--items", str(arguments.items), "--queries",
                                     str(arguments.queries), "--seed", str(arguments.seed)], text=True).splitlines()
    return export_lines([json.dumps({"id": str(i), "title": text}) for i, text in enumerate(typed)])


def make_corpus(arguments, place):
    """The path of the corpus; made once."""
    corpus = f"{place}/corpus.tsv"
    if not os.path.exists(corpus):
        with open(corpus + ".part", "wb") as out:
            export = subprocess.Popen([f"{AISLE}/bench/peers/peer_export"], stdin=subprocess.PIPE, stdout=out)
            if arguments.products:
                opened = gzip.open if arguments.products.endswith(".gz") else open
                with opened(arguments.products, "rb") as products:
                    shutil.copyfileobj(products, export.stdin)
            else:
                run([f"{AISLE}/aisle", "generate", "--items", str(arguments.items)], stdout=export.stdin)
            export.stdin.close()
            if export.wait() != 0:
                sys.exit("run.py: the corpus could not be made")
        os.rename(corpus + ".part", corpus)
    return corpus


def give_queries(engines, asked, place, slow):
    """Each engine its file of queries; the slow ones get every slow-th of each kind."""
    seen, fewer = {}, []
    for query in asked:
        if seen.setdefault(query[0], 0) % slow == 0:
            fewer.append(query)
        seen[query[0]] += 1
    for name, lines in (("queries", asked), ("queries-slow", fewer)):
        with open(f"{place}/{name}.tsv", "w") as file:
            file.writelines("\t".join(query) + "\n" for query in lines)
    for engine in engines.values():
        engine.asked = fewer if engine.slow else asked
        engine.path = f"{place}/queries{'-slow' if engine.slow else ''}.tsv"
        if engine.slow and slow > 1:
            engine.passes = 1


def bytes_under(path):
    return sum(os.stat(f).st_size for f in [path, *glob.glob(f"{path}/**", recursive=True)] if os.path.isfile(f))


# ---- building ----

def is_kept(name, keep):
    return keep == "all" or name in keep.split(",") or (keep == "peers" and not name.startswith("aisle"))


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)


def read_json(path):
    with open(path) as file:
        return json.load(file)


def build_index(engine, name, place, arguments):
    """Builds, or takes what an earlier run left, with the figures of that run."""
    engine.index, figures = f"{place}/index-{name}", f"{place}/built-{name}.json"
    engine.log = open(f"{place}/log-{name}.txt", "w")
    if not (is_kept(name, arguments.keep) and os.path.exists(figures) and os.path.exists(engine.index)):
        for left in (engine.index, engine.index + ".loose", figures):
            remove(left)
        if engine.base:
            base = ENGINES[engine.base]
            if not base.built:
                base.command = engine.command
                build_index(base, engine.base, place, arguments)
            # Its files never change once they are written: links do.
            shutil.copytree(base.index, engine.index, copy_function=os.link)
            command = [*engine.command, "merge", engine.index, engine.variant]
        else:
            command = [*engine.command, "build", f"{place}/corpus.tsv", engine.index, str(arguments.threads)]
            command += [engine.variant] if engine.variant else []
        print(f"building {name}", file=sys.stderr)
        built = json.loads(subprocess.check_output(command, stderr=engine.log))
        built["load"] = round(os.getloadavg()[0], 1)
        remove(engine.index + ".loose")
        with open(figures, "w") as file:
            json.dump(built, file)
    engine.built = read_json(figures)
    if engine.base and not ENGINES[engine.base].built:
        ENGINES[engine.base].built = read_json(f"{place}/built-{engine.base}.json")
        ENGINES[engine.base].built["bytes"] = bytes_under(f"{place}/index-{engine.base}")
    engine.built["bytes"] = engine.built.get("live_bytes", bytes_under(engine.index))
    print(f"{name}: {json.dumps(engine.built)}", file=sys.stderr)


# ---- running ----

def percentile(times, share):
    """Nearest rank, in microseconds."""
    return sorted(times)[max(math.ceil(share * len(times)) - 1, 0)] / 1000


def ask(engine, mode):
    """
    One round: {query: ns}, and keeps the answers. A query's time is the best of its passes, so that percentiles tell
    queries apart and not what else the machine was doing.
    """
    command = [*engine.command, "search", engine.index, engine.path, mode, str(engine.warm), str(engine.passes)]
    lines = subprocess.check_output(command, text=True, stderr=engine.log).splitlines()
    if len(lines) != len(engine.asked):
        sys.exit(f"run.py: {len(lines)} answers to {len(engine.asked)} queries: {command}")
    times, answers = {}, {}
    for query, line in zip(engine.asked, lines):
        total, hits, spent = line.split("\t")
        times[query] = min(map(int, spent.split(",")))
        answers[query] = (int(total) if mode == "count" else
                          [(int(n), float(s)) for n, s in (hit.split(":") for hit in hits.split(",") if hit)])
    engine.answers[mode] = answers
    return times


# ---- checking ----

def check_totals(engines):
    """Lines of what differs from Aisle."""
    faults = []
    for name, engine in engines.items():
        for query, theirs in engine.answers["count"].items():
            mine = engines["aisle"].answers["count"][query]
            if mine != theirs:
                faults.append(f"{name}: {' '.join(query)}: {theirs}, aisle {mine}")
    return faults


def correlation(pairs):
    if len(pairs) < 2:
        return float("nan")
    a, b = zip(*pairs)
    return statistics.correlation(a, b) if len(set(a)) > 1 and len(set(b)) > 1 else float("nan")


def check_scores(engines, corpus):
    """Per engine: tens shared with Aisle, worth of its tens by the text, correlation of its scores with those."""
    exact, best = {}, {}
    for name, engine in engines.items():
        for query, hits in engine.answers["top"].items():
            if query[0].startswith(("term", "and", "filter", "or", "log")):
                words = query[1].encode().split()
                exact[name, query] = [corpus.score(number, words) for number, _ in hits]
                best[query] = max(best.get(query, 0), sum(exact[name, query]))
    found = {}
    for name, engine in engines.items():
        shared, worth, pairs = [], [], []
        for query in (q for n, q in exact if n == name):
            mine = engine.answers["top"][query]
            aisle = {number for number, _ in engines["aisle"].answers["top"][query]}
            shared.append(len(aisle & {n for n, _ in mine}) / max(len(aisle), 1))
            worth.append(sum(exact[name, query]) / best[query] if best[query] > 0 else 1)
            pairs += zip((s for _, s in mine), exact[name, query])
        found[name] = {"shared": statistics.mean(shared), "worth": statistics.mean(worth), "worst": min(worth),
                       "correlation": correlation(pairs)}
    return found


# ---- reporting ----

def of_kind(times, kind):
    return [ns for query, ns in times.items() if query[0] == kind]


def summarise(engines, kinds):
    """
    {mode: {kind: {engine: [p50, p99, ratio of p50, ratio of p99]}}}: medians over rounds. A slow engine's ratios are to
    Aisle's times of the queries that both were asked.
    """
    table = {}
    for mode in MODES:
        for kind in kinds:
            row = table.setdefault(mode, {}).setdefault(kind, {})
            for name, engine in engines.items():
                cells = []
                for theirs, aisle in zip(engine.rounds[mode], engines["aisle"].rounds[mode]):
                    mine = of_kind({query: aisle[query] for query in theirs}, kind)
                    theirs = of_kind(theirs, kind)
                    own = [percentile(theirs, share) for share in (0.5, 0.99)]
                    cells.append(own + [a / percentile(mine, share) for a, share in zip(own, (0.5, 0.99))])
                row[name] = [statistics.median(values) for values in zip(*cells)]
    return table


def mean_of(values):
    """Geometric."""
    return math.exp(statistics.mean(map(math.log, values)))


def judge(table):
    """{mode: {"kinds": {kind: [[ratio, rival] at p50, at p99]}, "mean": [p50, p99], "worst": [[ratio, kind], ...]}}."""
    found = {}
    for mode, rows in table.items():
        best = {kind: [min((row[name][i], name) for name in RIVALS if name in row) for i in (2, 3)]
                for kind, row in rows.items() if any(name in row for name in RIVALS)}
        if best:
            found[mode] = {"kinds": best, "mean": [mean_of(b[i][0] for b in best.values()) for i in (0, 1)],
                           "worst": [min((b[i][0], kind) for kind, b in best.items()) for i in (0, 1)]}
    return found


def print_table(engines, table, judged):
    print("| | " + " | ".join(engines) + " | best of Lucene and Tantivy |\n|---" + "|---" * (len(engines) + 1) + "|")
    for mode in MODES:
        best = judged.get(mode)
        for kind, row in table[mode].items():
            cells = [f"{c[0]:.1f} / {c[1]:.0f}" + ("" if name == "aisle" else f" ({c[2]:.2f}x / {c[3]:.2f}x)")
                     for name, c in row.items()]
            cells.append(" / ".join(f"{ratio:.2f}x" for ratio, _ in best["kinds"][kind]) if best else "")
            print(f"| {mode} {kind} | " + " | ".join(cells) + " |")
        means = [[mean_of(row[name][i] for row in table[mode].values()) for i in (2, 3)] for name in engines]
        means += [best["mean"]] if best else []
        print(f"| {mode}, geometric mean | " + " | ".join(f"{a:.2f}x / {b:.2f}x" for a, b in means) + " |")
    print()
    for mode, best in judged.items():
        (low, low_kind), (high, high_kind) = best["worst"]
        print(f"{mode}: worst kind {low_kind} at p50, {low:.2f}x; {high_kind} at p99, {high:.2f}x "
              "the better of Lucene and Tantivy")
    print()


def print_builds(products):
    """Rates and bytes; Aisle's postings and columns are told from its stored products, theirs are in indexes apart."""
    print("| built | products/s | merged into one, s | bytes a product | of them stored products | load | version |")
    print("|---|---|---|---|---|---|---|")
    for name, engine in ENGINES.items():
        b = engine.built
        if not b:
            continue
        base = ENGINES[engine.base].built if engine.base else b
        merged = b["seconds"] if engine.base else b.get("merge_seconds", 0)
        whole = b["bytes"] + b.get("stored_bytes", 0)
        plain = ENGINES[name.split("-")[0]].built.get("bytes", whole) if engine.sizes else b["bytes"]
        stored = f"{(whole - plain) / products:.1f}" if whole > plain else "-"
        print(f"| {name} | {products / base['seconds']:,.0f} | {merged:.1f} | {whole / products:.1f} | {stored} | "
              f"{b.get('load', '')} | {b['version']} |")
    print()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=int, default=100000, help="generated products; default 100,000")
    parser.add_argument("--products", help="take these instead, JSON lines or .gz of the shop schema")
    parser.add_argument("--engines", default=USUAL, help=f"of {','.join(ENGINES)}; default: {USUAL}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=300, help="of each kind; default 300")
    parser.add_argument("--kinds", default=",".join(queries.KINDS), help=f"default: {','.join(queries.KINDS)}")
    parser.add_argument("--slow", type=int, default=1, metavar="N",
                        help="Xapian and FTS5 answer every Nth query of a kind, in one pass; default 1: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="that build an index, where an engine can; default 2")
    parser.add_argument("--keep", default="", metavar="NAMES",
                        help="use their indexes again if there are any; peers: all but Aisle's; all: every one")
    parser.add_argument("--work", default=f"{ROOT}/build/peers", help="programs, corpora, indexes; default build/peers")
    parser.add_argument("--json", help="write all figures here")
    return parser.parse_args()


def prepare(arguments):
    """Programs, corpus, queries, indexes: the engines and the corpus."""
    work = os.path.abspath(arguments.work)
    name = re.sub(r"\W", "_", os.path.basename(arguments.products)) if arguments.products else str(arguments.items)
    place = f"{work}/{name}"
    os.makedirs(place, exist_ok=True)
    names = ["aisle", *(n for n in arguments.engines.split(",") if n != "aisle")]
    engines = {name: ENGINES[name] for name in names}
    for engine in engines.values():
        engine.command = engine.make(work)
    corpus = queries.Corpus(make_corpus(arguments, place))
    for name, engine in engines.items():
        build_index(engine, name, place, arguments)
    engines = {name: engine for name, engine in engines.items() if not engine.sizes}
    asked = queries.draw_all(corpus, arguments.kinds.split(","), arguments.queries, arguments.seed,
                             generated_log(arguments))
    give_queries(engines, [tuple("\t".join(query).split("\t")) for query in asked], place, arguments.slow)
    return engines, corpus


def main():
    arguments = parse_arguments()
    engines, corpus = prepare(arguments)
    asked = engines["aisle"].asked
    for number in range(arguments.rounds):
        for mode in MODES:
            for engine in engines.values():
                engine.rounds[mode].append(ask(engine, mode))
        print(f"round {number + 1}: load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    faults = check_totals(engines)
    scores = check_scores(engines, corpus)
    table = summarise(engines, [k for k in queries.KINDS if any(k == query[0] for query in asked)])
    judged = judge(table)
    print(f"{corpus.count:,} products, {len(asked)} queries, {arguments.rounds} rounds, load {os.getloadavg()[0]:.1f}; "
          "p50 / p99 in us (ratio to Aisle's)\n")
    print_table(engines, table, judged)
    print_builds(corpus.count)
    for name, s in scores.items():
        print(f"{name}: {100 * s['shared']:.1f} % of tens shared with Aisle; worth {s['worth']:.5f} of the best ten "
              f"(worst {s['worst']:.3f}); scores correlate {s['correlation']:.5f} with those of the text")
    print("\n".join(faults[:20]) if faults else f"totals of all {len(asked)} queries are equal in every engine")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"products": corpus.count, "table": table, "judged": judged, "scores": scores,
                       "faults": len(faults), "built": {name: e.built for name, e in ENGINES.items() if e.built}},
                      file, indent=1)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
