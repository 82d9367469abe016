#!/usr/bin/env python3
"""Follows a table of a real PostgreSQL through wal2json and pg_recvlogical, and compares the catalog row by row.

    postgres.py AISLE [--rows N] [--changes N] [--format-version 1|2] [--kills N] [--seed S] [--place DIR]

A cluster of its own is made below the place, listening on a socket there alone; needs PostgreSQL 15 or newer with
wal2json (Debian: postgresql-15, postgresql-15-wal2json), else the test is skipped (status 77). The recipe is that of
README.md: the slot is created, the rows are exported by its snapshot, pg_recvlogical writes changes into files of a
folder, `aisle index --follow` reads them. Meanwhile several sessions insert, update (with long descriptions left alone,
which PostgreSQL then leaves out), delete, change keys, roll back, and write large transactions; and pg_recvlogical and
aisle are killed with SIGKILL and started again. In the end the catalog must hold as many products as the table has
rows, and a sample of them (--sample; with few rows all) as they stand there. Times are printed.
The place is kept when something fails. Exit status: 0, 1 when a check failed, 77 when there is no PostgreSQL.
"""
import argparse
import glob
import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77
WAIT_S = 60 # without the catalog's moving on
AGAIN_ROWS = 20000 # up to so many rows, all is read a second time

SCHEMA = {
    "version": 1, "id": "id", "language": "english",
    "fields": {
        "title": {"type": "text", "weight": 5}, "description": {"type": "text"},
        "brand": {"type": "keyword", "facet": True}, "price": {"type": "decimal", "scale": 2},
        "in_stock": {"type": "bool"}, "sales": {"type": "integer"}, "rating": {"type": "double"},
        "tags": {"type": "keyword"}, "updated": {"type": "date"}}}

TABLE = """
create table products(id text primary key, title text not null, description text, brand text, price numeric(10,2),
    in_stock boolean, sales integer, rating double precision, tags text[], attributes jsonb, details json,
    updated timestamptz);
alter table products alter column description set storage external;
create index on products(sales);
create table other(n integer primary key);
"""

# One description in ten is so long that it stays outside of the row (TOAST), where an UPDATE leaves it out. Words are
# few, as people's are; one row in a hundred has codes that no other has.
WORDS = ("light steel wood wool garden kitchen shoe lamp table chair phone case cable wireless black white red blue "
         "soft strong water proof family travel sport summer winter large small round square paper glass cotton gold "
         "leather silver classic modern simple quality design home office school child woman man quick easy").split()
LONG = """(select string_agg((array[%s])[1 + (SEED * 13 + k * k) %% %d], ' ') from generate_series(1, 500) k)""" % (
    ", ".join(f"'{word}'" for word in WORDS), len(WORDS))

INSERT = """
insert into products
select 'P' || i, 'Product number ' || i || ' of ' || (array['steel','wood','wool'])[1 + i % 3],
    case when i % 100 = 0
        then (select string_agg(md5((i * 1000 + k)::text), ' ') from generate_series(1, 120) k)
        when i % 10 = 0 then LONG
        else 'Short "text" of ' || i || E'\\n\\t\\\\ and more' end,
    'Brand ' || i % 50, (i % 10000) / 100.0, i % 4 <> 0, i, (i % 50) / 10.0,
    array['a' || i % 7, 'b, "c" ' || i % 5, null], jsonb_build_object('size', i % 9, 'name', 'n' || i),
    case when i % 3 = 0 then (E'{\\n  "lines": "of ' || i || E'\\\\n",\\n\\t"n": [1.50]}')::json end,
    timestamptz '2026-01-01 10:00:00.123+02' + i * interval '1 minute'
from generate_series(1, ROWS) i
"""


class Failure(Exception):
    """A check that did not hold."""


class Cluster:
    """A PostgreSQL of our own."""

    def __init__(self, place, programs):
        self.place, self.programs = place, programs
        self.data = os.path.join(place, "db")
        self.as_user = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(place, user.pw_uid, user.pw_gid)
            self.as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    def call(self, *command):
        done = subprocess.run(self.as_user + list(command), cwd=self.place, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)}: {done.stdout.decode()}")
        return done.stdout.decode()

    def start(self):
        self.call(f"{self.programs}/initdb", "-D", self.data, "-A", "trust", "-E", "UTF8", "--locale", "C",
                  "--no-sync", "-U", "postgres")
        settings = ["wal_level = logical", "listen_addresses = ''", f"unix_socket_directories = '{self.place}'",
                    "fsync = off", "max_wal_senders = 8"]
        # Newer versions ask which plugins may be used.
        probe = subprocess.run(self.as_user + [f"{self.programs}/postgres", "-D", self.data, "-C",
                                               "output_plugin_libraries"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False, cwd=self.place)
        if probe.returncode == 0:
            settings.append("output_plugin_libraries = 'wal2json'")
        text = "\n".join(settings) + "\n"
        self.call("sh", "-c", f"cat >> '{self.data}/postgresql.conf' <<'END'\n{text}END")
        self.restart("start")

    def restart(self, how="restart"):
        self.call(f"{self.programs}/pg_ctl", "-D", self.data, "-l", os.path.join(self.place, "db.log"), "-w",
                  "-m", "immediate", how) if how != "start" else self.call(
                      f"{self.programs}/pg_ctl", "-D", self.data, "-l", os.path.join(self.place, "db.log"), "-w", how)

    def stop(self):
        subprocess.run(self.as_user + [f"{self.programs}/pg_ctl", "-D", self.data, "-m", "immediate", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, cwd=self.place)

    def psql(self, text, database="dbname=postgres", to=subprocess.PIPE):
        aside = ["-o", "/dev/null"] if to != subprocess.PIPE else []
        done = subprocess.run(["psql", "-qAtX", *aside, "-v", "ON_ERROR_STOP=1",
                               f"{database} host={self.place} user=postgres"],
                              input=text.encode(), stdout=to, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failure(f"psql: {done.stderr.decode()}\n{text[:400]}")
        return done.stdout.decode() if to == subprocess.PIPE else ""


EXPORT = r"""
begin isolation level repeatable read read only; CREATE_REPLICATION_SLOT aisle LOGICAL wal2json (SNAPSHOT 'use');
\o
copy (select jsonb_build_object('op', 'r', 'source', jsonb_build_object('schema', 'public', 'table', 'products'),
      'after', to_jsonb(p)) from products p) to stdout (format csv, quote e'\x01', delimiter e'\x02');
"""


class Follower:
    """A program that is started again when it was killed."""

    def __init__(self, make_command, log):
        self.make_command, self.log = make_command, log
        self.starts = 0
        self.process = None

    def start(self):
        self.starts += 1
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.make_command(self.starts), stdout=log, stderr=log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=WAIT_S)
        except subprocess.TimeoutExpired as late:
            self.kill()
            raise Failure("a program does not end after SIGTERM") from late


def one_change(pick, rows):
    """SQL of a few changes in one transaction, and whether it is kept."""
    number = pick.randrange(1, rows + rows // 10)
    kind = pick.random()
    if kind < 0.6:
        text = (f"update products set price = {pick.randrange(1, 99999) / 100}, in_stock = {pick.random() < 0.7}, "
                f"sales = sales + 1 where id = 'P{number}';")
    elif kind < 0.7:
        text = f"update products set title = 'Renamed {pick.randrange(10**6)} of P{number}' where id = 'P{number}';"
    elif kind < 0.76:
        words = LONG.replace("SEED", str(pick.randrange(10**6)))
        text = f"update products set description = {words} where id = 'P{number}';"
    elif kind < 0.80:
        text = f"update products set description = null, tags = null, brand = null where id = 'P{number}';"
    elif kind < 0.86:
        text = (f"insert into products(id, title, price) values('P{number}', 'Added {number}', 1.5) "
                "on conflict (id) do update set title = excluded.title;")
    elif kind < 0.92:
        text = f"delete from products where id = 'P{number}';"
    elif kind < 0.96:
        text = f"update products set id = 'K' || id where id = 'P{number}';"
    else:
        low = pick.randrange(1, rows)
        text = (f"update products set rating = {pick.randrange(50) / 10}, updated = now() "
                f"where sales between {low} and {low + 200};")
    return text


def write_changes(cluster, seed, rows, count):
    """What one session does: transactions of one to five changes, one in ten rolled back."""
    pick = random.Random(seed)
    done = 0
    while done < count:
        text = []
        for _ in range(100):
            changes = [one_change(pick, rows) for _ in range(pick.choice((1, 1, 1, 2, 5)))]
            changes.append(f"insert into other values({seed * 10**7 + done}) on conflict do nothing;")
            done += len(changes)
            # In the order of keys, so that sessions do not lock each other out.
            changes.sort(key=lambda change: change.split("'P")[-1])
            text.append("begin; " + " ".join(changes) + (" rollback;" if pick.random() < 0.1 else " commit;"))
        try:
            cluster.psql("\n".join(text))
        except Failure as failure:
            if "deadlock" not in str(failure) and "could not connect" not in str(failure):
                raise


def expected_rows(cluster, sample):
    """Some rows by id, and how many there are of all."""
    text = cluster.psql("select json_build_object('id', id, 'title', title, 'description', description, 'brand', brand,"
                        " 'price', price, 'in_stock', in_stock, 'sales', sales, 'rating', rating,"
                        " 'tags', array_remove(tags, null), 'attributes', attributes, 'details', details::jsonb,"
                        " 'updated', floor(extract(epoch from updated) * 1000)::bigint) from products"
                        f" order by md5(id) limit {sample};")
    rows = (json.loads(line) for line in text.split("\n") if line)
    return {row["id"]: row for row in rows}, int(cluster.psql("select count(*) from products;"))


def moment(text):
    import datetime
    form = "%Y-%m-%dT%H:%M:%S.%f%z" if "." in text else "%Y-%m-%dT%H:%M:%S%z"
    return round(datetime.datetime.strptime(text.replace("Z", "+0000"), form).timestamp() * 1000)


def compare(aisle, catalog, rows, count):
    products = stats_of(aisle, catalog)["products"]
    if products != count:
        raise Failure(f"the catalog has {products} products, the table {count} rows")
    for identity in rows:
        done = subprocess.run([aisle, "get", catalog, identity], stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failure(f"{identity} is not in the catalog")
        product, row = json.loads(done.stdout), rows[identity]
        for name, wanted in row.items():
            found = product.get(name)
            if name == "updated" and found is not None:
                found = moment(found)
            if name == "tags" and found is not None:
                found = [tag for tag in found if tag is not None]
            if found != wanted and not (wanted is not None and found is not None and name in ("price", "rating")
                                        and abs(float(found) - float(wanted)) < 1e-9):
                raise Failure(f"{identity}: {name} is {found!r} in the catalog, {wanted!r} in the table")


def stats_of(aisle, catalog):
    return json.loads(subprocess.run([aisle, "stats", catalog, "--json"], stdout=subprocess.PIPE, check=True).stdout)


def wait_until_followed(cluster, aisle, catalog, rejects):
    """A last row, and the wait for it, as long as the catalog moves on."""
    cluster.psql("insert into products(id, title) values('the-last', 'the last one');")
    end, before = time.monotonic() + WAIT_S, None
    while time.monotonic() < end:
        found = subprocess.run([aisle, "get", catalog, "the-last"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
        if found.returncode == 0:
            return
        stats = stats_of(aisle, catalog)
        now = (stats["generation"], stats["bytes"])
        end, before = (end, now) if now == before else (time.monotonic() + WAIT_S, now)
        time.sleep(0.2)
    raise Failure(f"the last change did not arrive; rejects: {os.path.exists(rejects)}")


def run(options, cluster, place):
    folder, catalog = os.path.join(place, "changes"), os.path.join(place, "shop")
    rejects = catalog + ".rejects.jsonl"
    os.mkdir(folder)
    with open(os.path.join(place, "schema.json"), "w", encoding="utf-8") as file:
        json.dump(SCHEMA, file)
    subprocess.run([options.aisle, "create", catalog, "--schema", file.name], check=True, stdout=subprocess.DEVNULL)
    cluster.psql(TABLE)
    begun = time.monotonic()
    cluster.psql(INSERT.replace("ROWS", str(options.rows)).replace("LONG", LONG.replace("SEED", "i")))
    told("filling the table", begun)
    begun = time.monotonic()
    with open(os.path.join(folder, "0000-rows.jsonl"), "w", encoding="utf-8") as file:
        cluster.psql(EXPORT, "dbname=postgres replication=database", file)
    told("exporting the rows", begun)
    begun = time.monotonic()

    def receive(starts):
        return ["pg_recvlogical", "-h", cluster.place, "-U", "postgres", "-d", "postgres", "--slot", "aisle", "--start",
                "-o", f"format-version={options.format_version}", "-o", "include-lsn=1", "-o", "include-timestamp=1",
                "-o", "include-pk=1", "-o", "add-tables=public.products", "-F", "1", "-s", "1",
                "-f", os.path.join(folder, f"{1 + starts // 3:04}-changes.jsonl")]

    receiver = Follower(receive, os.path.join(place, "receiver.log"))
    indexer = Follower(lambda starts: [options.aisle, "index", catalog, folder, "--follow", "--json"],
                       os.path.join(place, "indexer.log"))
    receiver.start()
    indexer.start()
    failures = []

    def session(seed):
        try:
            write_changes(cluster, seed, options.rows, options.changes // 3)
        except Failure as failure:
            failures.append(failure)

    sessions = [threading.Thread(target=session, args=(options.seed * 10 + i,)) for i in range(3)]
    for thread in sessions:
        thread.start()
    pick = random.Random(options.seed)
    for _ in range(options.kills):
        time.sleep(pick.uniform(0.05, 0.5))
        victim = pick.choice((receiver, indexer))
        victim.kill()
        time.sleep(pick.uniform(0.0, 0.2))
        while victim is receiver and slot_is_active(cluster):
            time.sleep(0.05)
        victim.start()
    for thread in sessions:
        thread.join()
    if failures:
        raise failures[0]
    told("changing the table, killing what follows", begun)
    wait_until_followed(cluster, options.aisle, catalog, rejects)
    told(f"all of it, {options.rows} rows and some {options.changes} changes, is in the catalog", begun)
    receiver.end()
    if indexer.end() != 0:
        raise Failure("the indexer failed")
    if os.path.exists(rejects):
        with open(rejects, encoding="utf-8") as file:
            raise Failure("a reject: " + file.readline()[:600])
    compare(options.aisle, catalog, *expected_rows(cluster, options.sample))
    if options.rows > AGAIN_ROWS:
        return
    again = subprocess.run([options.aisle, "index", catalog, folder, "--from-start", "--json"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, check=True)
    compare(options.aisle, catalog, *expected_rows(cluster, options.sample))
    told(f"reading {json.loads(again.stdout)['lines']} lines again", begun)


def told(what, begun):
    print(f"{time.monotonic() - begun:7.1f} s {what}", flush=True)


def slot_is_active(cluster):
    return cluster.psql("select active from pg_replication_slots where slot_name = 'aisle';").strip() == "t"


def find_programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    found = [path for path in found if int(path.split("/")[-2]) >= 15
             and os.path.exists(path.replace("/bin", "/lib/wal2json.so")) and os.path.exists(path + "/initdb")]
    return found[-1] if found and shutil.which("pg_recvlogical") and shutil.which("psql") else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aisle")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=3000)
    parser.add_argument("--format-version", type=int, default=2, choices=(1, 2))
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--sample", type=int, default=400, help="rows that are compared one by one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place")
    options = parser.parse_args()
    options.aisle = os.path.abspath(options.aisle)
    programs = find_programs()
    if programs is None:
        print("skipped: no PostgreSQL 15 with wal2json")
        return SKIPPED
    place = tempfile.mkdtemp(prefix="aisle-postgres-", dir=options.place)
    os.chmod(place, 0o755)
    cluster = Cluster(place, programs)
    try:
        cluster.start()
        run(options, cluster, place)
    except Failure as failure:
        print(f"FAILED: {failure}\nwhat is left: {place}")
        return 1
    finally:
        cluster.stop()
    print(f"{options.kills} kills: the catalog equals the table")
    shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
