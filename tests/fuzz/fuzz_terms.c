/*
 * fuzz_terms.c - reads any bytes as a dictionary: u32 size of TERMS, TERMS, INDEX, without checksums.
 *
 * Whatever the bytes, every call must return, and a dictionary that passes the check must find all it lists.
 */
#include "terms/terms.h"

#include "tests/support/fuzz_component.h"

#define STEPS_MAX 2000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void exercise(const struct terms_reader *reader, struct bytes probe)
{
    struct terms_cursor cursor;
    struct bytes value;
    bool sound = terms_check(reader, NULL) == 0;
    int status = terms_find(reader, probe, &value);
    require(status == 0 || (status <= AISLE_END && value.data == NULL));
    status = terms_cursor_seek(&cursor, reader, probe);
    for (unsigned i = 0; i < STEPS_MAX && status == 0; i++) {
        require(cursor.term.size >= 1 && cursor.term.size <= LIMIT_TERM_BYTES);
        require(cursor.value.size <= LIMIT_TERM_VALUE_BYTES);
        int found = terms_find(reader, cursor.term, &value);
        require(!sound || (found == 0 && bytes_equal(value, cursor.value)));
        status = terms_cursor_next(&cursor);
    }
    require(!sound || status == 0 || status == AISLE_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct component terms;
    struct component index;
    struct terms_reader reader;
    if (!make_components(data, size, &terms, &index)) {
        return 0;
    }
    if (terms_open(&reader, &terms.view, &index.view) == 0) {
        exercise(&reader, bytes_of(NULL, 0));
        exercise(&reader, bytes_of(data, size < 12 ? size : 12));
    }
    free(terms.copy);
    free(index.copy);
    return 0;
}
