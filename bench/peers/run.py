#!/usr/bin/env python3
"""Compares Aisle with Lucene, Tantivy, Xapian and SQLite FTS5: same products, same terms, same queries.

    bench/peers/run.py [--items N | --products FILE] [--engines aisle,lucene,...] [--rounds N] [--json FILE]

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
LUCENE = "10.6.0"
LUCENE_JARS = ("lucene-core", "lucene-analysis-common", "lucene-misc")
MODES = ("top", "count")


def run(command, **options):
    return subprocess.run(command, check=True, **options)


# ---- programs: each function builds one in `work` and returns the command that starts it ----

def make_aisle(work):
    build = f"{work}/aisle"
    run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"], stdout=subprocess.DEVNULL)
    run(["ninja", "-C", build, "aisle", "peer_export", "peer_aisle"], stdout=subprocess.DEVNULL)
    return [f"{build}/bench/peers/peer_aisle"]


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
    return [f"{home}/bin/java", "-Xmx4g", "-XX:+UseSerialGC", "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-cp", path, "Lucene"]


class Engine:
    """warm: passes before those that are measured (a JIT wants many); passes: measured in one round."""

    def __init__(self, make, warm=1, passes=3, variant=None):
        self.make, self.warm, self.passes, self.variant = make, warm, passes, variant
        self.command, self.index, self.built, self.rounds = None, None, {}, {mode: [] for mode in MODES}
        self.answers, self.log = {}, None


ENGINES = {
    "aisle": Engine(make_aisle),
    "lucene": Engine(make_lucene, 8, 3, "merged"),
    "lucene-bp": Engine(make_lucene, 8, 3, "reordered"),
    "lucene-built": Engine(make_lucene, 8, 3, "built"),
    "tantivy": Engine(make_tantivy, 2),
    "xapian": Engine(make_xapian),
    "sqlite": Engine(make_sqlite),
}


# ---- input ----

def export_lines(work, lines):
    """Terms of each JSON product in lines, spelled as in the corpus."""
    done = run([f"{work}/aisle/bench/peers/peer_export"], input="\n".join(lines) + "\n", text=True, capture_output=True)
    return [line.split("\t", 1)[1].split() for line in done.stdout.splitlines()]


def generated_log(arguments, work):
    """What the generator's shoppers type for its products, as terms; nothing for other products."""
    if arguments.products:
        return []
    typed = subprocess.check_output([f"{work}/aisle/aisle", "generate", "--items", str(arguments.items), "--queries",
                                     str(arguments.queries), "--seed", str(arguments.seed)], text=True).splitlines()
    return export_lines(work, [json.dumps({"id": str(i), "title": text}) for i, text in enumerate(typed)])


def make_corpus(arguments, work):
    """The path of the corpus; made once for each number of items or file."""
    name = re.sub(r"\W", "_", os.path.basename(arguments.products)) if arguments.products else str(arguments.items)
    corpus = f"{work}/corpus-{name}.tsv"
    if not os.path.exists(corpus):
        with open(corpus + ".part", "wb") as out:
            export = subprocess.Popen([f"{work}/aisle/bench/peers/peer_export"], stdin=subprocess.PIPE, stdout=out)
            if arguments.products:
                opened = gzip.open if arguments.products.endswith(".gz") else open
                with opened(arguments.products, "rb") as products:
                    shutil.copyfileobj(products, export.stdin)
            else:
                run([f"{work}/aisle/aisle", "generate", "--items", str(arguments.items)], stdout=export.stdin)
            export.stdin.close()
            if export.wait() != 0:
                sys.exit("run.py: the corpus could not be made")
        os.rename(corpus + ".part", corpus)
    return corpus


def bytes_under(path):
    return sum(os.stat(f).st_size for f in [path, *glob.glob(f"{path}/**", recursive=True)] if os.path.isfile(f))


# ---- running ----

def build_index(engine, name, corpus, work, threads):
    engine.index = f"{work}/index-{name}"
    for left in glob.glob(engine.index + "*"):
        if left == engine.index or left.startswith(engine.index + "."):
            shutil.rmtree(left) if os.path.isdir(left) else os.remove(left)
    command = [*engine.command, "build", corpus, engine.index, str(threads)]
    command += [engine.variant] if engine.variant else []
    engine.log = open(f"{work}/log-{name}.txt", "w")
    engine.built = json.loads(subprocess.check_output(command, stderr=engine.log))
    engine.built["bytes"] = engine.built.get("live_bytes", bytes_under(engine.index))
    shutil.rmtree(engine.index + ".loose", ignore_errors=True)


def percentile(times, share):
    times.sort()
    return times[min(int(share * len(times)), len(times) - 1)] / 1000


def ask(engine, mode, path, asked):
    """
    One round: {kind: (p50, p99)} in microseconds, and keeps the answers. A query's time is the best of its passes, so
    that percentiles tell queries apart and not what else the machine was doing.
    """
    command = [*engine.command, "search", engine.index, path, mode, str(engine.warm), str(engine.passes)]
    lines = subprocess.check_output(command, text=True, stderr=engine.log).splitlines()
    if len(lines) != len(asked):
        sys.exit(f"run.py: {len(lines)} answers to {len(asked)} queries: {command}")
    times, answers = {}, []
    for (kind, _), line in zip(asked, lines):
        total, hits, spent = line.split("\t")
        times.setdefault(kind, []).append(min(map(int, spent.split(","))))
        answers.append(int(total) if mode == "count" else
                       [(int(n), float(s)) for n, s in (hit.split(":") for hit in hits.split(",") if hit)])
    engine.answers[mode] = answers
    return {kind: (percentile(t, 0.5), percentile(t, 0.99)) for kind, t in times.items()}


# ---- checking ----

def check_totals(engines, asked):
    """Lines of what differs from Aisle."""
    faults = []
    for name, engine in engines.items():
        for query, mine, theirs in zip(asked, engines["aisle"].answers["count"], engine.answers["count"]):
            if mine != theirs:
                faults.append(f"{name}: {query[0]} {query[1]}: {theirs}, aisle {mine}")
    return faults


def correlation(pairs):
    if len(pairs) < 2:
        return float("nan")
    a, b = zip(*pairs)
    return statistics.correlation(a, b) if len(set(a)) > 1 and len(set(b)) > 1 else float("nan")


def check_scores(engines, asked, corpus):
    """Per engine: tens shared with Aisle, worth of its tens by the text, correlation of its scores with those."""
    exact = {}
    for name, engine in engines.items():
        for i, hits in enumerate(engine.answers["top"]):
            if asked[i][0].startswith(("term", "and", "or", "log")):
                words = asked[i][1].encode().split()
                exact[name, i] = [corpus.score(number, words) for number, _ in hits]
    best = {}
    for (name, i), scores in exact.items():
        best[i] = max(best.get(i, 0), sum(scores))
    found = {}
    for name, engine in engines.items():
        shared, worth, pairs = [], [], []
        for i, most in best.items():
            mine = engine.answers["top"][i]
            aisle = {number for number, _ in engines["aisle"].answers["top"][i]}
            shared.append(len(aisle & {n for n, _ in mine}) / max(len(aisle), 1))
            worth.append(sum(exact[name, i]) / most if most > 0 else 1)
            pairs += zip((s for _, s in mine), exact[name, i])
        found[name] = {"shared": statistics.mean(shared), "worth": statistics.mean(worth), "worst": min(worth),
                       "correlation": correlation(pairs)}
    return found


# ---- reporting ----

def summarise(engines, kinds):
    """{mode: {kind: {engine: [p50, p99, ratio of p50, ratio of p99]}}}: medians over rounds."""
    table = {}
    for mode in MODES:
        for kind in kinds:
            row = table.setdefault(mode, {}).setdefault(kind, {})
            for name, engine in engines.items():
                cells = [r[kind] + tuple(x / y for x, y in zip(r[kind], a[kind]))
                         for r, a in zip(engine.rounds[mode], engines["aisle"].rounds[mode])]
                row[name] = [statistics.median(values) for values in zip(*cells)]
    return table


def print_table(engines, table, products):
    print("| | " + " | ".join(engines) + " |\n|---" * 1 + "|---" * len(engines) + "|")
    for mode in MODES:
        for kind, row in table[mode].items():
            cells = [f"{c[0]:.1f} / {c[1]:.0f}" + ("" if name == "aisle" else f" ({c[2]:.2f}x / {c[3]:.2f}x)")
                     for name, c in row.items()]
            print(f"| {mode} {kind} | " + " | ".join(cells) + " |")
        means = [[math.exp(statistics.mean(math.log(row[name][i]) for row in table[mode].values())) for i in (2, 3)]
                 for name in engines]
        print(f"| {mode}, geometric mean | " + " | ".join(f"{a:.2f}x / {b:.2f}x" for a, b in means) + " |")
    for label, cell in (
            ("products/s", lambda b: f"{products / b['seconds']:,.0f}"),
            ("merging into one, s", lambda b: f"{b['merge_seconds']:.1f}"),
            ("bytes a product", lambda b: f"{b['bytes'] / products:.1f}"),
            ("version", lambda b: b["version"])):
        print(f"| {label} | " + " | ".join(cell(engine.built) for engine in engines.values()) + " |")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=int, default=100000, help="generated products; default 100,000")
    parser.add_argument("--products", help="take these instead, JSON lines or .gz of the shop schema")
    parser.add_argument("--engines", default=",".join(ENGINES), help=f"default: {','.join(ENGINES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=300, help="of each kind; default 300")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="that build an index, where an engine can; default 2")
    parser.add_argument("--work", default=f"{ROOT}/build/peers", help="programs, corpora, indexes; default build/peers")
    parser.add_argument("--json", help="write all figures here")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    work = os.path.abspath(arguments.work)
    os.makedirs(work, exist_ok=True)
    names = ["aisle", *(n for n in arguments.engines.split(",") if n != "aisle")]
    engines = {name: ENGINES[name] for name in names}
    for engine in engines.values():
        engine.command = engine.make(work)
    path = make_corpus(arguments, work)
    corpus = queries.Corpus(path)
    asked_path = f"{work}/queries.tsv"
    queries.write(corpus, asked_path, arguments.queries, arguments.seed, generated_log(arguments, work))
    with open(asked_path) as file:
        asked = [line.rstrip("\n").split("\t") for line in file]
    for name, engine in engines.items():
        build_index(engine, name, path, work, arguments.threads)
        print(f"{name}: {json.dumps(engine.built)}", file=sys.stderr)
    for number in range(arguments.rounds):
        for mode in MODES:
            for engine in engines.values():
                engine.rounds[mode].append(ask(engine, mode, asked_path, asked))
        print(f"round {number + 1}: load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    faults = check_totals(engines, asked)
    scores = check_scores(engines, asked, corpus)
    table = summarise(engines, [k for k in queries.KINDS if any(k == kind for kind, _ in asked)])
    print(f"{corpus.count:,} products, {len(asked)} queries, {arguments.rounds} rounds, load {os.getloadavg()[0]:.1f}; "
          "p50 / p99 in us (ratio to Aisle's)\n")
    print_table(engines, table, corpus.count)
    for name, s in scores.items():
        print(f"{name}: {100 * s['shared']:.1f} % of tens shared with Aisle; worth {s['worth']:.5f} of the best ten "
              f"(worst {s['worst']:.3f}); scores correlate {s['correlation']:.5f} with those of the text")
    print("\n".join(faults[:20]) if faults else f"totals of all {len(asked)} queries are equal in every engine")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"products": corpus.count, "table": table, "scores": scores, "faults": len(faults),
                       "built": {name: engine.built for name, engine in engines.items()}}, file, indent=1)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
