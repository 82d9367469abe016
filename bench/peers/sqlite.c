/*
 * sqlite.c - SQLite FTS5 as a peer (peer.h): a contentless table with positions, optimised into one segment.
 *
 *     peer_sqlite build CORPUS INDEX THREADS; peer_sqlite search INDEX QUERIES MODE WARM PASSES
 *
 * Its bm25() has k1 1.2 and b 0.75 fixed, and takes a word that more than half of the products have for worth nothing.
 * The cache holds the whole index, so that reads are warm as a mapping's are. A product's number is its rowid; its
 * price is in a table of its own that is joined.
 */
#include "peer.h"

#include <sqlite3.h>

struct sqlite_query {
    sqlite3_stmt *top;
    sqlite3_stmt *total;
    long long low, high; /* of the filtered statements, which have places for them */
    char text[4096];
};

static sqlite3 *database;
static sqlite3_stmt *top[2]; /* and filtered by price */
static sqlite3_stmt *total[2];

static void check(int status)
{
    if (status != SQLITE_OK && status != SQLITE_DONE && status != SQLITE_ROW) {
        peer_fail(database == NULL ? "no memory" : sqlite3_errmsg(database));
    }
}

static void run(const char *sql)
{
    check(sqlite3_exec(database, sql, NULL, NULL, NULL));
}

static void build(const char *path, const char *index)
{
    FILE *corpus = fopen(path, "r");
    sqlite3_stmt *insert = NULL;
    sqlite3_stmt *price = NULL;
    char *line = NULL;
    size_t capacity = 0;
    struct peer_product product;
    if (corpus == NULL) {
        peer_fail("the corpus cannot be read");
    }
    double start = peer_seconds();
    check(sqlite3_open(index, &database));
    run("PRAGMA page_size=4096; PRAGMA cache_size=-524288; BEGIN;"
        "CREATE TABLE price(product INTEGER PRIMARY KEY, price INTEGER);"
        "CREATE VIRTUAL TABLE p USING fts5(text, content='', tokenize='ascii');"
        "INSERT INTO p(p, rank) VALUES('hashsize', 268435456)");
    check(sqlite3_prepare_v2(database, "INSERT INTO p(rowid, text) VALUES(?, ?)", -1, &insert, NULL));
    check(sqlite3_prepare_v2(database, "INSERT INTO price VALUES(?, ?)", -1, &price, NULL));
    while (peer_read(corpus, &line, &capacity, &product)) {
        sqlite3_bind_int64(insert, 1, (sqlite3_int64)product.number);
        sqlite3_bind_text(insert, 2, product.terms, (int)product.size, SQLITE_STATIC);
        check(sqlite3_step(insert));
        sqlite3_reset(insert);
        sqlite3_bind_int64(price, 1, (sqlite3_int64)product.number);
        sqlite3_bind_int64(price, 2, strtoll(product.price, NULL, 10));
        check(sqlite3_step(price));
        sqlite3_reset(price);
    }
    sqlite3_finalize(insert);
    sqlite3_finalize(price);
    free(line);
    fclose(corpus);
    run("COMMIT");
    double built = peer_seconds();
    run("INSERT INTO p(p) VALUES('optimize'); VACUUM");
    double merged = peer_seconds();
    printf("{\"seconds\":%.3f,\"merge_seconds\":%.3f,\"version\":\"%s\"}\n", built - start, merged - built,
           sqlite3_libversion());
    check(sqlite3_close(database));
}

static void prepare(const char *sql, sqlite3_stmt **out)
{
    check(sqlite3_prepare_v2(database, sql, -1, out, NULL));
}

static void peer_open(const char *index)
{
    check(sqlite3_open_v2(index, &database, SQLITE_OPEN_READONLY, NULL));
    run("PRAGMA cache_size=-4194304; PRAGMA mmap_size=17179869184");
    prepare("SELECT rowid, rank FROM p WHERE p MATCH ? ORDER BY rank LIMIT 10", &top[0]);
    prepare("SELECT count(*) FROM p WHERE p MATCH ?", &total[0]);
    prepare("SELECT p.rowid, p.rank FROM p CROSS JOIN price ON product = p.rowid "
            "WHERE p MATCH ? AND price BETWEEN ? AND ? ORDER BY p.rank LIMIT 10", &top[1]);
    prepare("SELECT count(*) FROM p CROSS JOIN price ON product = p.rowid WHERE p MATCH ? AND price BETWEEN ? AND ?",
            &total[1]);
}

static void *peer_prepare(const struct peer_query *query)
{
    struct sqlite_query *prepared = (struct sqlite_query *)calloc(1, sizeof *prepared);
    char *end = prepared->text;
    *prepared = (struct sqlite_query){.top = top[query->kind == 'f'],
                                      .total = total[query->kind == 'f'],
                                      .low = query->low,
                                      .high = query->high};
    if (query->kind == 'p') {
        *end++ = '"';
    }
    for (int i = 0; i < query->count; i++) {
        end += snprintf(end, 256, "%s%s", i == 0 ? "" : query->kind == 'o' ? " OR " : " ", query->words[i]);
    }
    if (query->kind == 'p' || query->kind == 'P') {
        *end++ = query->kind == 'p' ? '"' : '*';
    }
    return prepared;
}

static void peer_ask(void *context, int count_only, struct peer_answer *answer)
{
    const struct sqlite_query *prepared = (const struct sqlite_query *)context;
    sqlite3_stmt *statement = count_only ? prepared->total : prepared->top;
    sqlite3_bind_text(statement, 1, prepared->text, -1, SQLITE_STATIC);
    if (prepared->top == top[1]) {
        sqlite3_bind_int64(statement, 2, prepared->low);
        sqlite3_bind_int64(statement, 3, prepared->high);
    }
    int status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        if (count_only) {
            answer->total = (uint64_t)sqlite3_column_int64(statement, 0);
        } else {
            answer->number[answer->count] = (uint64_t)sqlite3_column_int64(statement, 0);
            answer->score[answer->count++] = -sqlite3_column_double(statement, 1);
        }
    }
    check(status);
    sqlite3_reset(statement);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "build") == 0) {
        build(argv[2], argv[3]);
    } else if (argc == 7 && strcmp(argv[1], "search") == 0) {
        peer_search(argv + 2);
        for (int i = 0; i < 2; i++) {
            sqlite3_finalize(top[i]);
            sqlite3_finalize(total[i]);
        }
        sqlite3_close(database);
    } else {
        peer_fail("build CORPUS INDEX THREADS, or search INDEX QUERIES MODE WARM PASSES");
    }
    return 0;
}
