/*
 * suggest_learn.c - what shoppers searched for, from lines of text into the writer's learned searches.
 */
#include "index/shard_writer_private.h"

#include "base/utf8.h"

/* A search counts as much as so many products: it is what was typed, where products are what may be. */
#define SEARCH_WEIGHT 64u
#define COUNT_MAX (SUGGEST_WEIGHT_MAX / SEARCH_WEIGHT)

/* A line's count; 0: none. */
static uint64_t read_count(struct bytes text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }
        count = count < COUNT_MAX ? count * 10 + (uint64_t)(text.data[i] - '0') : count;
    }
    return count < COUNT_MAX ? count : COUNT_MAX;
}

static int take_line(struct suggest_set *set, struct analyser *analyser, struct bytes line, struct buf *key,
                     bool *sound)
{
    const uint8_t *tab = line.size == 0 ? NULL : memchr(line.data, '\t', line.size);
    size_t size = tab == NULL ? line.size : (size_t)(tab - line.data);
    uint64_t count = tab == NULL ? 0 : read_count(bytes_of(tab + 1, line.size - size - 1));
    struct bytes text = bytes_of(line.data, size);
    while (text.size != 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    *sound = count != 0 && utf8_valid(text, NULL);
    int status = *sound ? suggest_key_of(analyser, text, key) : 0;
    if (status != 0 || !*sound || key->size == 0 || text.size > SUGGEST_KEY_BYTES) {
        return status; /* what is too long to be typed again is passed over */
    }
    struct suggest_entry entry = {
        .key = buf_bytes(key), .shown = text, .weight = count * SEARCH_WEIGHT, .kind = SUGGEST_QUERY};
    return suggest_set_add(set, &entry);
}

int parts_learned_take(struct shard_writer *writer, struct analyser *analyser, struct bytes lines, aisle_error *error)
{
    struct suggest_set set;
    struct buf key;
    size_t number = 0;
    int status = 0;
    if (lines.size > LIMIT_LEARN_BYTES) {
        return error_set(error, AISLE_LIMIT, "more than %u bytes of searches", LIMIT_LEARN_BYTES);
    }
    suggest_set_init(&set, writer->budget->overlay_bytes);
    buf_init(&key, LIMIT_PRODUCT_BYTES);
    for (size_t at = 0; at < lines.size && status == 0; number++) {
        const uint8_t *end = memchr(lines.data + at, '\n', lines.size - at);
        size_t size = end == NULL ? lines.size - at : (size_t)(end - lines.data) - at;
        struct bytes line = bytes_of(lines.data + at, size != 0 && lines.data[at + size - 1] == '\r' ? size - 1 : size);
        bool sound = true;
        if (line.size > LIMIT_PRODUCT_BYTES) {
            status = error_set_at(error, AISLE_LIMIT, at, "line %zu has more than %u bytes", number + 1,
                                  LIMIT_PRODUCT_BYTES);
        } else if (line.size != 0) {
            status = take_line(&set, analyser, line, &key, &sound);
            status = status != 0 ? error_set(error, status, "learning searches: %s", aisle_error_text(status)) : 0;
        }
        if (status == 0 && !sound) {
            status = error_set_at(error, AISLE_INVALID, at, "line %zu is not a search, a tab and a count of 1 or more",
                                  number + 1);
        }
        at += size + 1;
    }
    buf_release(&key);
    if (status != 0) {
        suggest_set_release(&set);
        return status;
    }
    shard_writer_lock(writer);
    suggest_set_release(&writer->suggestions.learned);
    writer->suggestions.learned = set;
    writer->suggestions.has_learned = true;
    shard_writer_unlock(writer);
    return 0;
}
