#!/usr/bin/env python3
"""Draws the figures of peers/run.py and growth.py with gnuplot, as PNG.

    bench/plots.py [--peers FILE ...] [--growth FILE] [--out DIR]       default DIR: bench/plots

latency-N.png: the top 10 of each engine by kind of query, median and 99th percentile; totals-N.png: exact totals;
ratios.png: the better of Lucene and Tantivy against Aisle at every number of products; growth.png: Aisle's latencies
and building as the catalog grows. Files say the machine nowhere: bench/README.md does.
"""
import argparse
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
COLORS = ("#1b6ca8", "#d1495b", "#edae49", "#66a182", "#8d6a9f", "#7f7f7f", "#30303a", "#00798c", "#c06c84", "#a0c15a",
          "#6c5b7b", "#ff8c42")
FONT = "font 'sans,10'"
RUN = "top1"  # of growth.py: ranked and understood as a shop has it


def block(name, rows):
    return f"${name} << EOD\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\nEOD\n"


def quoted(text):
    return "'" + text.replace("_", " ") + "'"


def draw(out, size, script):
    head = f"set terminal pngcairo size {size} {FONT}\nset output '{out}'\n"
    head += "set grid ytics lc '#dddddd'\nset border 3\nset tics nomirror\n"
    subprocess.run(["gnuplot"], input=head + script, text=True, check=True)
    print(f"{out}: {os.path.getsize(out):,} bytes")


def draw_latency(figures, mode, out):
    """Bars of the median, with the 99th percentile as a line above."""
    table = figures["table"][mode]
    engines = list(next(iter(table.values())))
    width = 0.8 / len(engines)
    rows = [[number + (i - (len(engines) - 1) / 2) * width, *table[kind][name][:2], i]
            for number, kind in enumerate(table) for i, name in enumerate(engines)]
    script = "".join(block(f"e{i}", [row for row in rows if row[3] == i]) for i in range(len(engines)))
    marks = ", ".join(f"{quoted(kind)} {number}" for number, kind in enumerate(table))
    what = "the ten best" if mode == "top" else "exact totals"
    script += (f"set title '{what} of {figures['products']:,} products: median (bar) and 99th percentile (line)'\n"
               f"set logscale y\nset ylabel 'microseconds'\nset xrange [-0.6:{len(table) - 0.4}]\nset yrange [1:]\n"
               f"set xtics ({marks}) rotate by 25 right\nset key outside bottom center horizontal samplen 1\n"
               f"set boxwidth {width * 0.9}\nset style fill solid 1 noborder\n")
    parts = []
    for i, name in enumerate(engines):
        parts.append(f"$e{i} using 1:2 with boxes lc rgb '{COLORS[i]}' title {quoted(name)}")
        parts.append(f"$e{i} using 1:2:(0):($3-$2) with vectors nohead lc rgb '{COLORS[i]}' notitle")
    draw(out, "1000,420", script + "plot " + ", ".join(parts) + "\n")


def draw_ratios(all_figures, out):
    """The better rival's time by Aisle's: above 1 Aisle is the faster."""
    script, kinds = "", list(all_figures[0]["judged"]["top"]["kinds"])
    for at, percentile in ((0, "p50"), (1, "p99")):
        for number, figures in enumerate(all_figures):
            judged = figures["judged"]["top"]["kinds"]
            script += block(f"{percentile}_{number}", [[i, judged[kind][at][0]] for i, kind in enumerate(kinds)
                                                       if kind in judged])
    marks = ", ".join(f"{quoted(kind)} {i}" for i, kind in enumerate(kinds))
    script += (f"set multiplot layout 1,2\nset logscale y\nset xrange [-0.5:{len(kinds) - 0.5}]\nset yrange [0.2:20]\n"
               f"set xtics ({marks}) rotate by 40 right\nset key top left\n"
               f"set arrow from -0.5,1 to {len(kinds) - 0.5},1 nohead lc rgb '#000000'\n"
               f"set arrow from -0.5,3 to {len(kinds) - 0.5},3 nohead dt 2 lc rgb '#000000'\n")
    for percentile in ("p50", "p99"):
        script += f"set title 'best of Lucene and Tantivy / Aisle, top 10, {percentile}'\nplot " + ", ".join(
            f"${percentile}_{number} using 1:2 with linespoints pt 7 ps 0.7 lw 0.5 lc rgb '{COLORS[number]}' "
            f"title '{figures['products']:,}'" for number, figures in enumerate(all_figures)) + "\n"
    draw(out, "1000,420", script + "unset multiplot\n")


def draw_growth(figures, out):
    scales = sorted((int(items), f) for items, f in figures.items() if "build" in f and RUN in f)
    kinds = sorted({kind for _, f in scales for kind in f[RUN]["kinds"]})
    script = ""
    for i, kind in enumerate(kinds):
        rows = [[items, *(f[RUN]["kinds"][kind][p] for p in ("p50_us", "p99_us", "mean_us"))]
                for items, f in scales if kind in f[RUN]["kinds"]]
        script += block(f"k{i}", rows)
    script += block("build", [[items, f["build"]["rate"] / 1000,
                               f["build"]["file_bytes"] / f["build"]["stats"]["products"],
                               1e6 * f["build"]["processor_seconds"] / items if "processor_seconds" in f["build"]
                               else "NaN"] for items, f in scales])
    script += ("set multiplot layout 1,3\nset logscale x\nset format x '%.0s%c'\nset xlabel 'products'\n"
               f"set xrange [{scales[0][0] * 0.7}:{scales[-1][0] * 1.4}]\nset logscale y\nunset key\n")
    for column, title in ((2, "median"), (3, "99th percentile")):
        script += "set key outside right samplen 1\n" if column == 3 else ""
        script += f"set title 'top 10, signals and all, warm: {title}, us'\nplot " + ", ".join(
            f"$k{i} using 1:{column} with linespoints pt 7 ps 0.5 lc rgb '{COLORS[i % len(COLORS)]}' "
            f"title {quoted(kind)}" for i, kind in enumerate(kinds)) + "\n"
    script += ("unset logscale y\nset yrange [0:]\nset ytics nomirror\nset y2range [0:]\nset y2tics\n"
               "set key inside center right\nset rmargin 6\nset title 'building'\n"
               f"plot $build using 1:3 with linespoints pt 7 ps 0.5 lc rgb '{COLORS[1]}' title 'bytes a product', "
               f"$build using 1:2 axes x1y2 with linespoints pt 7 ps 0.5 lc rgb '{COLORS[0]}' "
               "title 'thousand products/s (right)', "
               f"$build using 1:4 axes x1y2 with linespoints pt 7 ps 0.5 lc rgb '{COLORS[2]}' "
               "title 'processors, us a product (right)'\n")
    draw(out, "1200,440", script + "unset multiplot\n")


def load(path):
    with open(path) as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peers", nargs="*", default=[], metavar="FILE", help="what peers/run.py --json wrote")
    parser.add_argument("--growth", metavar="FILE", help="what growth.py wrote")
    parser.add_argument("--out", default=f"{HERE}/plots")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    peers = sorted(map(load, arguments.peers), key=lambda figures: figures["products"])
    for figures in peers:
        draw_latency(figures, "top", f"{arguments.out}/latency-{figures['products']}.png")
        draw_latency(figures, "count", f"{arguments.out}/totals-{figures['products']}.png")
    if peers:
        draw_ratios([figures for figures in peers if figures["judged"]], f"{arguments.out}/ratios.png")
    if arguments.growth:
        draw_growth(load(arguments.growth), f"{arguments.out}/growth.png")


if __name__ == "__main__":
    main()
