/*
 * fuzz_ids.c - reads any bytes as the ids of a segment: u32 size of IDS, IDS, TABLE, without checksums.
 *
 * Whatever the bytes, every call must return, and ids that pass the check must all be found.
 */
#include "base/hash.h"
#include "documents/ids.h"

#include "tests/support/fuzz_component.h"

#define DOCUMENTS_MAX 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count_match(void *context, size_t query_index, uint32_t document)
{
    uint32_t *count = context;
    (void)query_index;
    (void)document;
    ++*count;
    return 0;
}

static void exercise(const struct ids_reader *reader, struct bytes absent)
{
    uint32_t count = ids_count(reader);
    bool sound = ids_check(reader, NULL) == 0;
    for (uint32_t i = 0; i < count && i < DOCUMENTS_MAX; i++) {
        uint8_t id[LIMIT_ID_BYTES];
        size_t size;
        uint32_t document = 0;
        uint32_t matches = 0;
        /* From both ends, as the count may be any. */
        uint32_t wanted = i % 2 == 0 ? i / 2 : count - 1 - i / 2;
        int status = ids_get(reader, wanted, id, &size);
        require(status == 0 ? size >= 1 && size <= LIMIT_ID_BYTES : size == 0);
        require(!sound || status == 0);
        struct ids_query query = {.id = bytes_of(id, size), .hash = hash_bytes(id, size)};
        int found = ids_find(reader, query.id, query.hash, &document);
        int many = ids_find_many(reader, &query, 1, count_match, &matches);
        require(!sound || (found == 0 && document == wanted && many == 0 && matches == 1));
    }
    uint32_t document;
    int status = ids_find(reader, absent, hash_bytes(absent.data, absent.size), &document);
    require(status <= AISLE_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct component ids;
    struct component table;
    struct ids_reader reader;
    if (!make_components(data, size, &ids, &table)) {
        return 0;
    }
    if (ids_open(&reader, &ids.view, &table.view) == 0) {
        exercise(&reader, bytes_of(data, size < 12 ? size : 12));
    }
    free(ids.copy);
    free(table.copy);
    return 0;
}
