/*
 * row.h - one changed row of a database's table, as Debezium and wal2json tell it.
 *
 * The decoders of both (debezium.c, wal2json.c) make the same struct row; product_row.c makes products of it. Values
 * stay JSON nodes of the line. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_ROW_H
#define AISLE_INDEXER_ROW_H

#include "base/limits.h"
#include "indexer/sequence.h"
#include "schema/json.h"

enum row_kind {
    ROW_NONE,   /* nothing for the catalog: begin, commit, heartbeat, tombstone */
    ROW_INSERT, /* all columns, of a row that may be there already (a snapshot's) */
    ROW_UPDATE, /* the columns that may have changed: what is absent did not */
    ROW_DELETE,
    ROW_TRUNCATE
};

/* What a value is, beyond what its JSON shows. */
enum column_hint {
    HINT_NONE,
    HINT_DECIMAL, /* base64 of a two's complement number, high byte first, with the column's scale */
    HINT_DAYS,    /* since 1970 */
    HINT_MS,
    HINT_US,
    HINT_NS,
    HINT_TIME,  /* a date or time as PostgreSQL prints it */
    HINT_ARRAY, /* PostgreSQL's text form of an array: {a,"b c"} */
    HINT_JSON   /* JSON in a string */
};

struct column {
    struct bytes name;
    const struct json_node *value;
    uint8_t hint; /* enum column_hint */
    int16_t scale;
    bool unchanged; /* the log stands a placeholder for the value */
};

#define ROW_KEYS 16u

struct row {
    enum row_kind kind;
    struct bytes schema; /* of the database; may be empty */
    struct bytes table;  /* empty: not told */
    struct column *columns; /* owned by who made the row; LIMIT_COLUMNS */
    uint32_t column_count;
    struct column *old; /* the row before, or its key; LIMIT_COLUMNS */
    uint32_t old_count;
    struct bytes keys[ROW_KEYS]; /* the primary key's columns, when the log names them */
    uint32_t key_count;
    bool is_whole;       /* of an update: brings all columns, but for placeholders */
    int64_t time_ms;     /* of the transaction; 0: not told */
    char seq[SEQUENCE_BYTES + 1];
    bool is_snapshot; /* an initial row: seq is the last of its moment (sequence_has_passed) */
};

/* Index of the node under name in the object at index; 0: none. */
static inline size_t row_member(const struct json *json, size_t index, const char *name)
{
    return json_member(json, index, bytes_of_string(name));
}

/* The string under name in the object at index; empty: none, or of another type. */
struct bytes row_text(const struct json *json, size_t index, const char *name);

/* The column of this name, or NULL. */
const struct column *row_find(const struct column *columns, uint32_t count, struct bytes name);

/* Appends a column to a list; AISLE_BAD_PRODUCT when it has LIMIT_COLUMNS. */
must_check int row_add(struct column *columns, uint32_t *count, const struct column *column, aisle_error *error);

/*
 * Decodes a Debezium envelope, with or without its schema around it, that the json's nodes hold; it is one by
 * debezium_matches. The sequence comes from source.sequence (PostgreSQL) or source.file, pos and row (MySQL).
 * AISLE_BAD_PRODUCT names what is wrong.
 */
bool debezium_matches(const struct json *json);
must_check int debezium_decode(const struct json *json, struct sequence *sequence, struct row *row,
                               aisle_error *error);

/*
 * wal2json's format 2: one change a line. Begin and commit lines give the sequence (nextlsn and the change's number),
 * *inside: whether a transaction is under way behind the line. AISLE_BAD_PRODUCT.
 */
bool wal2json_matches(const struct json *json);
must_check int wal2json_decode(const struct json *json, struct sequence *sequence, struct row *row, bool *inside,
                               aisle_error *error);

/*
 * wal2json's format 1: a transaction a line. wal2json_open finds its changes by brackets alone, since a transaction
 * may hold more than a JSON reader takes, and wal2json_change decodes the json's nodes of one of them.
 */
struct wal2json_transaction {
    struct bytes line;
    size_t at; /* of the next change */
    int64_t time_ms;
};

must_check int wal2json_open(struct json *json, struct bytes line, struct sequence *sequence,
                             struct wal2json_transaction *transaction, aisle_error *error);

/* The next change's text, or AISLE_END. AISLE_BAD_PRODUCT when brackets do not match. */
must_check int wal2json_next(struct wal2json_transaction *transaction, struct bytes *change, aisle_error *error);
must_check int wal2json_change(const struct json *json, struct sequence *sequence, struct row *row,
                               aisle_error *error);

#endif
