#!/usr/bin/env python3
"""rules.py - the example of rules in README.md, run as it stands there.

    rules.py AISLE README

Takes the section's JSON as the rules of a small catalog and runs its shell lines; what a line says behind its comment
sign in quotes must be printed. Exit status: 0, or 1 with what was printed.
"""
import os
import re
import subprocess
import sys
import tempfile

PRODUCTS = """\
{"id":"P1","title":"Red running shoes","brand":"Acme","category":["Shoes","Running"],"price":59.9,"in_stock":true}
{"id":"P2","title":"Red running shoes for kids","brand":"Zoom","category":["Shoes","Kids"],"price":39.9,"in_stock":true}
{"id":"P7","title":"Trail shoes","brand":"Zoom","category":["Shoes","Trail"],"price":79.9,"in_stock":true}
{"id":"P9","title":"Socks","brand":"Acme","category":["Clothes"],"price":9.9,"in_stock":true}
"""


def main():
    aisle, readme = os.path.abspath(sys.argv[1]), sys.argv[2]
    text = open(readme, encoding="utf-8").read()
    section = re.search(r"## What the shop wants shown\n(.*?)\n## ", text, re.S).group(1)
    rules = re.search(r"```json\n(.*?)```", section, re.S).group(1)
    lines = re.search(r"```sh\n(.*?)```", section, re.S).group(1).splitlines()
    with tempfile.TemporaryDirectory(prefix="rules-") as place:
        env = dict(os.environ, PATH=os.path.dirname(aisle) + ":" + os.environ["PATH"])
        run = lambda line: subprocess.run(line, shell=True, cwd=place, env=env, capture_output=True, text=True)
        open(os.path.join(place, "products"), "w", encoding="utf-8").write(PRODUCTS)
        made = run("aisle create shop && aisle index shop products")
        if made.returncode != 0:
            sys.exit(made.stderr)
        open(os.path.join(place, "shop", "rules.json"), "w", encoding="utf-8").write(rules)
        for line in lines:
            done = run(line)
            said = re.search(r'#.*?("rules":\[[^]]*\])', line)
            if done.returncode != 0 or (said and said.group(1) not in done.stdout):
                sys.exit(f"{line}\n{done.stdout}{done.stderr}")
        found = run("aisle search shop 'red running shoes' --json --fields title").stdout
        ranked = re.findall(r'"id":"(P\d)"', found)
        if ranked != ["P7", "P1", "P9"]:
            sys.exit(f"pinned and hidden as the rules say, expected P7 P1 P9, found {ranked}")


main()
