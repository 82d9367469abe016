/*
 * positions_model.h - lists of positions as plain arrays: drawn at random, written, and compared with what is read.
 *
 * For tests, the fuzz target's seeds and the bench; one thread. Fails by assert.
 */
#ifndef AISLE_TESTS_SUPPORT_POSITIONS_MODEL_H
#define AISLE_TESTS_SUPPORT_POSITIONS_MODEL_H

#include "tests/support/memory_extents.h"

#include "postings/positions_private.h"

static uint64_t positions_seed = 1;

static inline uint32_t draw_below(uint32_t bound)
{
    positions_seed = positions_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((positions_seed >> 33) % bound);
}

/* Entries of one list, one behind the other, and where each begins. */
struct positions_model {
    struct buf bytes;
    size_t *starts; /* count + 1 of them */
    uint32_t count;
};

/* Occurrences like those of products: few, near the front, spans rare. size_max bounds how many. */
static inline size_t draw_occurrences(struct position *out, uint32_t size_max)
{
    size_t count = 1 + (draw_below(4) == 0 ? draw_below(size_max) : 0);
    uint32_t place = draw_below(8) == 0 ? draw_below(1u << 20) : draw_below(80);
    for (size_t i = 0; i < count; i++) {
        uint32_t span = draw_below(10) == 0 ? 1 + draw_below(POSITIONS_SPAN_MAX) : 1;
        out[i] = (struct position){.place = place, .span = span};
        place += 1 + (draw_below(8) == 0 ? draw_below(1u << 14) : draw_below(60));
    }
    return count;
}

/* equal: all entries are the first one. */
static inline struct positions_model draw_model(uint32_t count, uint32_t size_max, bool equal)
{
    struct positions_model model = {.count = count};
    struct position *occurrences = mem_alloc(size_max * sizeof *occurrences);
    size_t size = draw_occurrences(occurrences, size_max);
    buf_init(&model.bytes, SIZE_MAX / 2);
    model.starts = mem_alloc((count + 1) * sizeof *model.starts);
    assert(occurrences != NULL && model.starts != NULL);
    for (uint32_t i = 0; i < count; i++) {
        model.starts[i] = model.bytes.size;
        size = equal ? size : draw_occurrences(occurrences, size_max);
        positions_encode(occurrences, size, &model.bytes);
    }
    model.starts[count] = model.bytes.size;
    assert(buf_status(&model.bytes) == 0);
    mem_free(occurrences);
    return model;
}

static inline struct bytes model_entry(const struct positions_model *model, uint32_t i)
{
    return bytes_of(model->bytes.data + model->starts[i], model->starts[i + 1] - model->starts[i]);
}

static inline void release_model(struct positions_model *model)
{
    buf_release(&model->bytes);
    mem_free(model->starts);
}

/* Writes the list in adds of up to part entries; appends its reference. */
static inline void write_model(struct positions_writer *writer, const struct positions_model *model, uint32_t part,
                               struct buf *reference)
{
    int status = positions_writer_begin(writer);
    for (uint32_t i = 0; i < model->count && status == 0;) {
        uint32_t count = part == 1 ? 1 : 1 + draw_below(part);
        count = count < model->count - i ? count : model->count - i;
        status = positions_writer_add(writer,
                                      bytes_of(model->bytes.data + model->starts[i],
                                               model->starts[i + count] - model->starts[i]),
                                      count);
        i += count;
    }
    status = status == 0 ? positions_writer_end(writer, reference) : status;
    assert(status == 0);
    (void)status;
}

#endif
