/*
 * fold.c - the walk over a text that folds it.
 *
 * Characters that fold alone are copied from the table. When one may attach to what stands before it, the walk goes
 * back to the last character it folded and runs the full procedure from there to the next character that begins anew;
 * so the result is that of the procedure on the whole text.
 */
#include "text/fold.h"

#include "base/alloc.h"
#include "base/utf8.h"

#define PADDING 16u /* behind the folded text: a NUL, a table entry, and a whole word for lower() */
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define EACH_BYTE UINT64_C(0x0101010101010101)

void folder_release(struct folder *folder)
{
    mem_free(folder->bytes);
    mem_free(folder->kinds);
    mem_free(folder->spans);
    fold_table_release(&folder->table);
    *folder = (struct folder){0};
}

static int reserve(struct folder *folder, size_t capacity)
{
    if (capacity <= folder->capacity) {
        return 0;
    }
    capacity += capacity / 2;
    uint8_t *bytes = mem_realloc(folder->bytes, capacity);
    if (bytes == NULL) {
        return AISLE_NO_MEMORY;
    }
    folder->bytes = bytes;
    uint8_t *kinds = mem_realloc(folder->kinds, capacity);
    if (kinds == NULL) {
        return AISLE_NO_MEMORY;
    }
    folder->kinds = kinds;
    folder->capacity = capacity;
    return 0;
}

static int push_span(struct folder *folder, size_t source_start, size_t source_end)
{
    if (folder->span_count == folder->span_capacity) {
        size_t capacity = folder->span_capacity == 0 ? 64 : folder->span_capacity * 2;
        struct fold_span *spans = mem_realloc(folder->spans, capacity * sizeof *spans);
        if (spans == NULL) {
            return AISLE_NO_MEMORY;
        }
        folder->spans = spans;
        folder->span_capacity = capacity;
    }
    folder->spans[folder->span_count++] = (struct fold_span){.folded_start = (uint32_t)folder->size,
                                                             .source_start = (uint32_t)source_start,
                                                             .source_end = (uint32_t)source_end};
    return 0;
}

/* Sees to it that bytes put now, and as long as in the source, lie in a stretch that maps them to source. */
static int open_stretch(struct folder *folder, size_t source)
{
    if (folder->span_count != 0) {
        const struct fold_span *span = &folder->spans[folder->span_count - 1];
        bool is_stretch = span->source_end == 0;
        bool goes_on = source - span->source_start == folder->size - span->folded_start;
        if (is_stretch && goes_on) { /* GCOVR_EXCL_BR_LINE: it does, but for what put_cluster says of utf8proc */
            return 0;
        }
    }
    return push_span(folder, source, 0);
}

static void note_last(struct folder *folder, size_t source, size_t folded)
{
    folder->has_last = true;
    folder->last_source = source;
    folder->last_folded = folded;
}

/* Eight ASCII bytes in lower case: bit 7 of a byte's sums tells whether it is at least 'A', and above 'Z'. */
static inline uint64_t lower_word(uint64_t word)
{
    uint64_t from_a = word + EACH_BYTE * (0x80 - 'A');
    uint64_t above_z = word + EACH_BYTE * (0x7f - 'Z');
    return word | ((from_a ^ above_z) & HIGH_BITS) >> 2;
}

/* Lower-cases the ASCII text begins with; returns its length. */
static size_t lower(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word = load_u64(from + i);
        if ((word & HIGH_BITS) != 0) {
            break;
        }
        store_u64(to + i, lower_word(word));
    }
    for (; i < size && from[i] < 0x80; i++) {
        to[i] = (uint8_t)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 0x20 : from[i]);
    }
    return i;
}

static int put_ascii(struct folder *folder, struct bytes text, size_t *i)
{
    int status = open_stretch(folder, *i);
    if (status == 0) {
        size_t count = lower(folder->bytes + folder->size, text.data + *i, text.size - *i);
        folder->size += count;
        *i += count;
        note_last(folder, *i - 1, folder->size - 1);
    }
    return status;
}

static int put_simple(struct folder *folder, const struct fold_entry *entry, size_t source, size_t source_size)
{
    bool keeps_length = entry->size == source_size;
    int status = keeps_length ? open_stretch(folder, source) : push_span(folder, source, source + source_size);
    if (status == 0) {
        memcpy(folder->bytes + folder->size, entry->bytes, sizeof entry->bytes);
        memset(folder->kinds + folder->size, entry->kind, sizeof entry->bytes);
        note_last(folder, source, folder->size);
        folder->size += entry->size;
    }
    return status;
}

/* Lets the last character's source reach to source_end, so that a highlight takes in the marks folded away. */
static int extend_last(struct folder *folder, size_t source_end)
{
    if (!folder->has_last) {
        return 0;
    }
    struct fold_span *span = &folder->spans[folder->span_count - 1];
    if (span->folded_start == folder->last_folded) {
        span->source_start = (uint32_t)folder->last_source;
        span->source_end = (uint32_t)source_end;
        return 0;
    }
    size_t size = folder->size;
    folder->size = folder->last_folded;
    int status = push_span(folder, folder->last_source, source_end);
    folder->size = size;
    return status;
}

static int put_folded_points(struct folder *folder, size_t text_left)
{
    const struct fold_work *work = &folder->table.work;
    int status = reserve(folder, folder->size + work->count * UTF8_BYTES_MAX + text_left + PADDING);
    for (size_t i = 0; status == 0 && i < work->count; i++) {
        uint32_t point = (uint32_t)work->points[i];
        size_t size = utf8_encode(folder->bytes + folder->size, point);
        memset(folder->kinds + folder->size, fold_kind(point), size);
        folder->size += size;
    }
    return status;
}

/* Reads the character at i; a byte that is none reads as U+FFFD. Returns its bytes. */
static size_t read_character(struct bytes text, size_t i, uint32_t *point)
{
    size_t size = utf8_decode(text.data + i, text.data + text.size, point);
    if (size == 0) {
        *point = UTF8_REPLACEMENT;
        size = 1;
    }
    return size;
}

/* Whether the character at i goes with the one before; if so, *size is its length. */
static int attaches(struct folder *folder, struct bytes text, size_t i, bool *attached, size_t *size)
{
    *attached = false;
    uint32_t point;
    if (i >= text.size || text.data[i] < 0x80) {
        return 0;
    }
    *size = read_character(text, i, &point);
    const struct fold_entry *entry;
    int status = fold_table_find(&folder->table, point, &entry);
    *attached = status == 0 && (entry->shape == FOLD_DROPPED || entry->shape == FOLD_ATTACHED);
    return status;
}

/* Runs the procedure from start over the character at *i (source_size long) and all that attach to it; *i moves on. */
static int put_cluster(struct folder *folder, struct bytes text, size_t start, size_t source_size, size_t *i)
{
    size_t end = *i + source_size;
    bool attached = true;
    for (;;) {
        int status = attaches(folder, text, end, &attached, &source_size);
        if (status != 0) {
            return status;
        }
        if (!attached) {
            break;
        }
        end += source_size;
    }
    int status = 0;
    fold_work_clear(&folder->table.work);
    for (size_t at = start; status == 0 && at < end;) {
        uint32_t point;
        at += read_character(text, at, &point);
        status = fold_work_add(&folder->table.work, point);
    }
    if (status == 0) {
        status = fold_work_run(&folder->table.work);
    }
    /* Nothing is left only where utf8proc has refused: a cluster has a character that is not dropped. */
    if (status == 0 && folder->table.work.count != 0) { /* GCOVR_EXCL_BR_LINE: so */
        size_t folded = folder->size;
        status = push_span(folder, start, end);
        if (status == 0) {
            status = put_folded_points(folder, text.size - end);
        }
        note_last(folder, start, folded);
    }
    *i = end;
    return status;
}

/* Takes the last folded character back; returns where its source begins. */
static size_t take_last_back(struct folder *folder)
{
    folder->size = folder->last_folded;
    while (folder->span_count != 0 && folder->spans[folder->span_count - 1].folded_start >= folder->size) {
        folder->span_count--;
    }
    folder->has_last = false;
    return folder->last_source;
}

static int put_character(struct folder *folder, struct bytes text, size_t *i)
{
    uint32_t point;
    size_t size = read_character(text, *i, &point);
    const struct fold_entry *entry;
    int status = fold_table_find(&folder->table, point, &entry);
    if (status != 0) {
        return status;
    }
    switch ((enum fold_shape)entry->shape) { /* GCOVR_EXCL_BR_LINE: one of these, and each is a line of its own */
    case FOLD_SIMPLE:
        status = put_simple(folder, entry, *i, size);
        *i += size;
        return status;
    case FOLD_DROPPED:
        *i += size;
        return extend_last(folder, *i);
    case FOLD_COMPLEX:
        return put_cluster(folder, text, *i, size, i);
    case FOLD_ATTACHED:
        break;
    }
    size_t start = folder->has_last ? take_last_back(folder) : *i;
    return put_cluster(folder, text, start, size, i);
}

int folder_run(struct folder *folder, struct bytes text)
{
    folder->size = 0;
    folder->span_count = 0;
    folder->has_last = false;
    int status = reserve(folder, text.size + PADDING);
    if (status != 0) {
        return status;
    }
    size_t i = lower(folder->bytes, text.data, text.size);
    if (i != 0 && i < text.size) {
        status = push_span(folder, 0, 0);
        note_last(folder, i - 1, i - 1);
    }
    folder->size = i;
    while (status == 0 && i < text.size) {
        if (text.data[i] < 0x80) {
            status = put_ascii(folder, text, &i);
            continue;
        }
        status = reserve(folder, folder->size + (text.size - i) + PADDING);
        if (status == 0) {
            status = put_character(folder, text, &i);
        }
    }
    folder->bytes[folder->size] = 0;
    return status;
}
