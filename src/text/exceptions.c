/*
 * exceptions.c - the list of exceptions to stemming. Thread rule: one thread at a time.
 */
#include "text/exceptions.h"

#include "base/limits.h"

#define BYTES_MAX ((size_t)LIMIT_SCHEMA_BYTES * 32u) /* one character of a schema may fold to many */

void exceptions_release(struct exceptions *exceptions)
{
    buf_release(&exceptions->bytes);
    mem_free(exceptions->items);
    *exceptions = (struct exceptions){.count = 0};
}

int exceptions_begin(struct exceptions *exceptions, size_t count)
{
    exceptions_release(exceptions);
    buf_init(&exceptions->bytes, BYTES_MAX);
    exceptions->items = mem_calloc(count + 1, sizeof *exceptions->items);
    return exceptions->items == NULL ? AISLE_NO_MEMORY : 0;
}

int exceptions_add(struct exceptions *exceptions, struct bytes word)
{
    exceptions->items[exceptions->count++] =
        (struct exception){.word = (uint32_t)exceptions->bytes.size, .word_size = (uint32_t)word.size};
    buf_put(&exceptions->bytes, word.data, word.size);
    return buf_status(&exceptions->bytes);
}

int exceptions_add_stem(struct exceptions *exceptions, struct bytes stem)
{
    struct exception *item = &exceptions->items[exceptions->count - 1];
    item->stem = (uint32_t)exceptions->bytes.size;
    item->stem_size = (uint32_t)stem.size;
    buf_put(&exceptions->bytes, stem.data, stem.size);
    return buf_status(&exceptions->bytes);
}

static struct bytes word_of(const struct exceptions *exceptions, const struct exception *item)
{
    return bytes_of(exceptions->bytes.data + item->word, item->word_size);
}

/* Insertion by binary search: lists are short, and made once an analyser. */
void exceptions_sort(struct exceptions *exceptions)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < exceptions->count; i++) {
        struct exception item = exceptions->items[i];
        uint32_t low = 0;
        uint32_t high = kept;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            bool before = bytes_compare(word_of(exceptions, &exceptions->items[middle]),
                                        word_of(exceptions, &item)) < 0;
            low = before ? middle + 1 : low;
            high = before ? high : middle;
        }
        if (low < kept && bytes_equal(word_of(exceptions, &exceptions->items[low]), word_of(exceptions, &item))) {
            continue;
        }
        memmove(exceptions->items + low + 1, exceptions->items + low, (kept - low) * sizeof item);
        exceptions->items[low] = item;
        kept++;
    }
    exceptions->count = kept;
}

bool exceptions_find(const struct exceptions *exceptions, struct bytes word, struct bytes *stem)
{
    uint32_t low = 0;
    uint32_t high = exceptions->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const struct exception *item = &exceptions->items[middle];
        int order = bytes_compare(word_of(exceptions, item), word);
        if (order == 0) {
            *stem = bytes_of(exceptions->bytes.data + item->stem, item->stem_size);
            return true;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return false;
}
