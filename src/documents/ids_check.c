/*
 * ids_check.c - proves that ids and table belong together: the walk behind `check`.
 *
 * Each id must be found through the table as its own document, and the table's buckets must hold as many entries as
 * there are ids: then every entry is accounted for. Thread rule: pure functions over shared readers.
 */
#include "documents/ids.h"

#include "documents/ids_format.h"

static int check_buckets(const struct ids_reader *reader, aisle_error *error)
{
    uint32_t expected = 0;
    for (uint32_t bucket = 0; bucket < reader->bucket_count; bucket++) {
        uint32_t first;
        uint32_t end;
        if (ids_table_bucket(reader, bucket, &first, &end) != 0) {
            return error_set(error, AISLE_CORRUPT, "table of ids, bucket %u: its bounds are damaged", bucket);
        }
        if (first != expected) {
            return error_set(error, AISLE_CORRUPT, "table of ids, bucket %u: it begins at entry %u, expected %u",
                             bucket, first, expected);
        }
        expected = end;
    }
    if (expected != reader->count) {
        return error_set(error, AISLE_CORRUPT, "table of ids: %u entries for %u ids", expected, reader->count);
    }
    return 0;
}

int ids_check(const struct ids_reader *reader, aisle_error *error)
{
    int status = check_buckets(reader, error);
    if (status != 0) {
        return status;
    }
    for (uint32_t document = 0; document < reader->count; document++) {
        uint8_t id[LIMIT_ID_BYTES];
        size_t size;
        uint32_t found;
        if (ids_get(reader, document, id, &size) != 0) {
            return error_set(error, AISLE_CORRUPT, "id of document %u: its block is damaged", document);
        }
        status = ids_find(reader, bytes_of(id, size), hash_bytes(id, size), &found);
        if (status != 0) {
            return error_set(error, AISLE_CORRUPT, "id of document %u: %s", document,
                             status == AISLE_END ? "the table does not have it" : "its bucket is damaged");
        }
        if (found != document) {
            return error_set(error, AISLE_CORRUPT, "id of document %u: the table names document %u", document, found);
        }
    }
    return 0;
}
