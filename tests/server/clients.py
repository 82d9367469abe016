#!/usr/bin/env python3
"""The server with clients that others wrote; those that are not installed are passed over.

    clients.py AISLE [--hiredis PROGRAM] [--node FOLDER] [--python PROGRAM]...

redis-cli and redis-benchmark, redis-py (searching with its FT helper, too; also that of further Pythons), a program on
hiredis, and node's redis and ioredis from a folder with a node_modules (npm install redis ioredis). Each searches with
facets, asks for suggestions, pipelines, and sees errors, in each version of RESP that it speaks.
"""
import argparse
import os
import shutil
import subprocess
import sys
import textwrap

from resp import Server, free_port, make_catalog, temporary

PYTHON = textwrap.dedent("""
    import sys
    try:
        import redis
        from redis.commands.search.query import NumericFilter, Query
    except ImportError:
        sys.exit(77)
    port = int(sys.argv[1])

    def pairs(answer):
        # A map, which RESP2 has as a flat list.
        return answer if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2]))

    def check(client):
        assert client.ping()
        answer = client.execute_command("AISLE.SEARCH", "shop", "shoes", "LIMIT", 0, 3)
        answer = pairs(answer)
        assert answer[b"total"] > 3 and len(answer[b"hits"]) == 3, answer
        faceted = client.execute_command("AISLE.SEARCH", "shop", "shoes", "FACET", "brand:3", "LIMIT", 0, 0)
        assert len(pairs(pairs(faceted)[b"facets"][0])[b"values"]) == 3, faceted
        suggested = client.execute_command("AISLE.SUGGEST", "shop", "sho")
        assert len(pairs(suggested)[b"suggestions"]) > 0, suggested
        pipe = client.pipeline(transaction=False)
        for i in range(100):
            pipe.execute_command("AISLE.GET", "shop", f"none{i}")
        assert pipe.execute() == [None] * 100
        try:
            client.execute_command("AISLE.SEARCH", "none", "x")
            raise AssertionError("no error")
        except redis.ResponseError as error:
            assert "no catalog is called" in str(error), error
        index = client.ft("shop")
        info = index.info()
        assert int(info["num_docs"]) == 2000, info
        found = index.search(Query("shoes").paging(0, 5).with_scores())
        assert found.total == answer[b"total"] and len(found.docs) == 5 and found.docs[0].score > 0, found
        assert found.docs[0].title and float(found.docs[0].price) > 0
        query = Query("@title:shoes -leather").return_fields("title").add_filter(NumericFilter("price", 0, 60))
        found = index.search(query)
        assert 0 < found.total, found
        assert all("shoe" in document.title.lower() for document in found.docs), found
        found = index.search(Query("shoes").no_content())
        assert len(found.docs) == 10, found
        try:
            index.search(Query("%shoos%"))
            raise AssertionError("no error")
        except redis.ResponseError as error:
            assert "not supported" in str(error), error
        # Every option of a query either works or is refused by its name.
        from redis.commands.search.query import GeoFilter
        fine = {
            "no_stopwords": Query("the shoes").no_stopwords(),
            "return_field": Query("shoes").return_field("title", "name"),
            "language": Query("shoes").language("english"),
            "limit_fields": Query("shoes").limit_fields("title", "brand"),
            "sort_by": Query("shoes").sort_by("price", asc=False), "dialect": Query("shoes").dialect(2),
            "highlight": Query("shoes").highlight(fields=["title"], tags=["<em>", "</em>"]),
            "summarize": Query("shoes").summarize(fields=["title"], context_len=3, num_frags=1),
            "both": Query("shoes").highlight("title").summarize("title", context_len=3, num_frags=1),
            "filter": Query("shoes").add_filter(NumericFilter("price", 10, NumericFilter.INF, minExclusive=True))}
        found = {name: index.search(query) for name, query in fine.items()}
        assert all(result.total > 0 for name, result in found.items() if name != "no_stopwords"), found
        assert "shoe" in found["return_field"].docs[0].name.lower()
        prices = [float(document.price) for document in found["sort_by"].docs]
        assert prices == sorted(prices, reverse=True), prices
        assert "<em>" in found["highlight"].docs[0].title and "<b>" in found["both"].docs[0].title, found
        assert "<" not in found["summarize"].docs[0].title, found
        refused = {
            "VERBATIM": Query("x").verbatim(), "WITHPAYLOADS": Query("x").with_payloads(), "SLOP": Query("x").slop(2),
            "INORDER": Query("x").in_order(), "SCORER": Query("x").scorer("BM25"),
            "EXPANDER": Query("x").expander("SBE"), "INKEYS": Query("x").limit_ids("P1"),
            "LANGUAGE": Query("x").language("german"),
            "DIALECT": Query("x").dialect(3), "SUMMARIZE": Query("x").summarize(),
            "GEOFILTER": Query("x").add_filter(GeoFilter("place", 1, 2, 3))}
        for name, query in refused.items():
            try:
                index.search(query)
                raise AssertionError("no error for " + name)
            except redis.ResponseError as error:
                assert name in str(error), (name, error)
        bound = index.search(Query("@price:[$low $high] @brand:{$brand}").dialect(2),
                             {"low": 0, "high": 1000000, "brand": index.search("shoes").docs[0].brand})
        assert bound.total > 0, bound
        from redis.commands.search import reducers
        from redis.commands.search.aggregation import AggregateRequest, Asc, Desc
        counted = reducers.count().alias("n")
        rows = index.aggregate(AggregateRequest("shoes").group_by("@brand", counted).sort_by(Desc("@n"), max=3)).rows
        assert len(rows) == 3 and int(rows[0][3]) >= int(rows[1][3]), rows
        rows = index.aggregate(AggregateRequest("shoes").group_by("@brand", counted).sort_by(Asc("@brand"))
                               .limit(1, 2)).rows
        assert len(rows) == 2 and rows[0][1].lower() <= rows[1][1].lower(), rows
        rows = index.aggregate(AggregateRequest("@price:[$low inf]").group_by([], counted), {"low": 0}).rows
        assert rows == [[b"n", b"2000"]], rows
        refused = {
            "LOAD": AggregateRequest("x").load("@title"), "APPLY": AggregateRequest("x").apply(y="@price * 2"),
            "FILTER": AggregateRequest("x").filter("@price > 2"), "WITHSCHEMA": AggregateRequest("x").with_schema(),
            "VERBATIM": AggregateRequest("x").verbatim(), "WITHCURSOR": AggregateRequest("x").cursor(3),
            "'SUM'": AggregateRequest("x").group_by("@brand", reducers.sum("@price")),
            "GROUPBY": AggregateRequest("x").group_by(["@brand", "@size"], counted)}
        for name, asked in refused.items():
            try:
                index.aggregate(asked)
                raise AssertionError("no error for " + name)
            except redis.ResponseError as error:
                assert name in str(error), (name, error)
        typed = index.sugget("shop", "sho", num=3, with_scores=True)
        assert 0 < len(typed) <= 3 and typed[0].score > 0, typed
        assert index.sugget("shop", "shose", fuzzy=True)
        assert len(index.tagvals("brand")) > 3
        assert client.execute_command("FT._LIST") == [b"shop"]

    check(redis.Redis(port=port))
    if int(redis.__version__.split(".")[0]) >= 5:  # which speak RESP3 unasked, or can
        check(redis.Redis(port=port, protocol=2))
        client = redis.Redis(port=port, protocol=3)
        assert client.execute_command("AISLE.SEARCH", "shop", "shoes")[b"total"] > 3
    print("redis-py", redis.__version__)
""")

NODE = textwrap.dedent("""
    const { createClient } = require("redis");
    const Redis = require("ioredis");
    const assert = require("assert");
    const port = Number(process.argv[2]);
    async function search(version) {
      const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP: version });
      client.on("error", (error) => { throw error; });
      await client.connect();
      assert.equal(await client.ping(), "PONG");
      const plain = await client.sendCommand(["AISLE.SEARCH", "shop", "shoes", "LIMIT", "0", "3"]);
      const hits = version === 3 ? plain.hits : plain[plain.indexOf("hits") + 1];
      assert.equal(hits.length, 3);
      const member = (map, key) => Array.isArray(map) ? map[map.indexOf(key) + 1] : map[key];
      const faceted = await client.sendCommand(["AISLE.SEARCH", "shop", "shoes", "FACET", "brand:3"]);
      assert.equal(member(member(faceted, "facets")[0], "values").length, 3);
      const typed = await client.sendCommand(["AISLE.SUGGEST", "shop", "sho", "LIMIT", "3"]);
      assert.ok(member(typed, "suggestions").length > 0);
      assert.ok((await client.ft.sugGet("shop", "sho", { MAX: 3 })).length > 0);
      assert.deepEqual(await client.ft._list(), ["shop"]);
      assert.ok((await client.ft.tagVals("shop", "brand")).length > 3);
      const groups = await client.ft.aggregate("shop", "shoes", {
        STEPS: [{ type: "GROUPBY", properties: "@brand", REDUCE: [{ type: "COUNT", AS: "n" }] },
                { type: "SORTBY", BY: { BY: "@n", DIRECTION: "DESC" }, MAX: 3 }] });
      assert.equal(groups.results.length, 3);
      assert.ok(Number(groups.results[0].n) >= Number(groups.results[1].n));
      const info = await client.ft.info("shop");
      assert.equal(Number(info.num_docs), 2000);
      const found = await client.ft.search("shop", "shoes @price:[0 100]", { LIMIT: { from: 0, size: 4 } });
      assert.ok(found.total > 4 && found.documents.length === 4, JSON.stringify(found));
      assert.ok(found.documents[0].value.title.length > 0);
      const many = await Promise.all(Array.from({ length: 200 }, (_, i) => client.echo(String(i))));
      assert.deepEqual(many, Array.from({ length: 200 }, (_, i) => String(i)));
      await assert.rejects(client.sendCommand(["AISLE.SEARCH", "none", "x"]), /no catalog is called/);
      await client.close();
    }
    async function searchByIoredis(protocol) {
      const client = new Redis({ port, protocol });
      assert.equal(await client.ping(), "PONG");
      const answer = await client.call("AISLE.SEARCH", "shop", "shoes", "LIMIT", 0, 2);
      assert.equal(answer[answer.indexOf("hits") + 1].length, 2);
      const faceted = await client.call("AISLE.SEARCH", "shop", "shoes", "FACET", "brand:3");
      const facet = faceted[faceted.indexOf("facets") + 1][0];
      assert.equal(facet[facet.indexOf("values") + 1].length, 3);
      const typed = await client.call("AISLE.SUGGEST", "shop", "sho");
      assert.ok(typed[typed.indexOf("suggestions") + 1].length > 0);
      const pipe = client.pipeline();
      for (let i = 0; i < 100; i++) {
        pipe.echo(String(i));
      }
      const piped = (await pipe.exec()).map(([error, text]) => text);
      assert.deepEqual(piped, Array.from({ length: 100 }, (_, i) => String(i)));
      await assert.rejects(client.call("NONSENSE"), /unknown command/);
      await client.quit();
    }
    async function main() {
      await search(2);
      await search(3);
      await searchByIoredis(2);
      await searchByIoredis(3);
      console.log("node");
    }
    main().catch((error) => { console.error(error); process.exit(1); });
""")


def run(what, command, wanted=0, **options):
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    if ran.returncode == 77:
        print(f"{what}: passed over, not installed")
        return ""
    assert ran.returncode == wanted, f"{what}: {ran.returncode}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def redis_cli(port):
    if shutil.which("redis-cli") is None:
        print("redis-cli: passed over, not installed")
        return
    command = ["redis-cli", "-p", str(port)]
    assert run("redis-cli", command + ["PING"]) == "PONG\n"
    found = run("redis-cli -3", command + ["-3", "AISLE.SEARCH", "shop", "shoes", "LIMIT", "0", "1"])
    assert "total" in found and '"product"' not in found and "title" in found, found
    for version in ((), ("-2",), ("-3",)):
        faceted = run("redis-cli", command + [*version, "AISLE.SEARCH", "shop", "shoes", "FACET", "brand:3", "LIMIT",
                                              "0", "0"])
        assert "facets" in faceted and faceted.count("count") == 3, faceted
        assert "suggestions" in run("redis-cli", command + [*version, "AISLE.SUGGEST", "shop", "sho"])
    assert "unknown command" in run("redis-cli", command + ["NONSENSE"])
    piped = run("redis-cli", command, input="PING\nAISLE.GET shop none\nFT._LIST\n")
    assert piped.split() == ["PONG", "shop"], piped
    quick = run("redis-benchmark", ["redis-benchmark", "-p", str(port), "-q", "-n", "2000", "-c", "20", "-P", "8",
                                    "AISLE.SEARCH", "shop", "shoes", "LIMIT", "0", "3"])
    assert "requests per second" in quick, quick
    run("redis-benchmark", ["redis-benchmark", "-p", str(port), "-q", "-n", "2000", "-t", "ping"])
    print("redis-cli, redis-benchmark")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("aisle")
    parser.add_argument("--hiredis")
    parser.add_argument("--node")
    parser.add_argument("--python", action="append", default=[])
    arguments = parser.parse_args()
    port = free_port()
    with temporary() as folder:
        aisle = os.path.abspath(arguments.aisle)
        shop = make_catalog(aisle, folder, "shop", 2000)
        with Server(aisle, folder, shop, "--listen", f"127.0.0.1:{port}"):
            redis_cli(port)
            for python in [pick_python(), *arguments.python]:
                print(run("redis-py", [python, "-c", PYTHON, str(port)]), end="")
            if arguments.hiredis:
                print(run("hiredis", [arguments.hiredis, str(port)]), end="")
            if arguments.node:
                script = os.path.join(arguments.node, "aisle-clients.js")
                with open(script, "w", encoding="utf-8") as file:
                    file.write(NODE)
                print(run("node", ["node", script, str(port)], cwd=arguments.node), end="")
    return 0


def pick_python():
    """The system's Python has Debian's redis-py, this one may not."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


if __name__ == "__main__":
    sys.exit(main())
