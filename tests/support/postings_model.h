/*
 * postings_model.h - posting lists as plain arrays: drawing them, writing them, and what a cursor over them must say.
 *
 * For the tests of postings. The model is as simple as can be and shares nothing with the module but its door.
 */
#ifndef AISLE_TESTS_SUPPORT_POSTINGS_MODEL_H
#define AISLE_TESTS_SUPPORT_POSTINGS_MODEL_H

#include "postings/postings.h"
#include "memory_extents.h"

struct model_list {
    uint32_t *documents; /* owned */
    uint8_t *codes;      /* owned */
    uint32_t count;
    uint8_t record[POSTINGS_RECORD_MAX_BYTES];
    size_t record_size;
};

/* Streams being written, then a source. */
struct model_index {
    struct memory_extents skips_memory;
    struct memory_extents blocks_memory;
    struct extent_writer skips;
    struct extent_writer blocks;
    struct postings_writer writer;
    struct postings_source source;
};

static inline uint32_t model_draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 32);
}

/* How gaps and codes of a drawn list come about. */
struct model_style {
    uint32_t count;
    uint32_t gap_max;     /* gaps are 1 to this */
    uint32_t jump_every;  /* one in this many is a jump, 0 for none */
    uint32_t jump_max;
    uint8_t classes;      /* distinct classes, from 0 on */
    uint8_t lengths;      /* distinct lengths */
    bool lengths_ascend;  /* with the document */
    uint32_t rare_class;  /* one in this many differs from class 4, 0 for evenly mixed */
};

static inline struct model_list model_draw_list(const struct model_style *style, uint64_t *seed)
{
    struct model_list list = {.count = style->count};
    uint64_t document = style->gap_max == 1 && style->jump_every == 0 ? 0 : model_draw(seed) % style->gap_max;
    list.documents = mem_alloc(style->count * sizeof *list.documents + 1);
    list.codes = mem_alloc(style->count + 1);
    assert(list.documents != NULL && list.codes != NULL);
    for (uint32_t i = 0; i < style->count; i++) {
        uint32_t class = model_draw(seed) % style->classes;
        uint32_t length = style->lengths_ascend ? (uint32_t)((uint64_t)i * style->lengths / style->count)
                                                : model_draw(seed) % style->lengths;
        if (style->rare_class != 0) {
            class = model_draw(seed) % style->rare_class == 0 ? class : 4;
        }
        assert(document < LIMIT_SEGMENT_DOCUMENTS);
        list.documents[i] = (uint32_t)document;
        list.codes[i] = (uint8_t)(class << 5 | length);
        document += 1 + model_draw(seed) % style->gap_max;
        if (style->jump_every != 0 && model_draw(seed) % style->jump_every == 0) {
            document += model_draw(seed) % style->jump_max;
        }
    }
    return list;
}

static inline void model_list_release(struct model_list *list)
{
    mem_free(list->documents);
    mem_free(list->codes);
}

static inline void model_index_begin(struct model_index *index)
{
    memset(index, 0, sizeof *index);
    memory_extents_begin(&index->skips_memory, &index->skips);
    memory_extents_begin(&index->blocks_memory, &index->blocks);
    int status = postings_writer_init(&index->writer, &index->skips, &index->blocks);
    assert(status == 0);
}

/* Writes the list in pieces of varying size and keeps its record. */
static inline void model_index_add(struct model_index *index, struct model_list *list, uint64_t *seed)
{
    struct buf record;
    buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
    int status = postings_writer_begin(&index->writer);
    for (uint32_t done = 0; done < list->count && status == 0;) {
        uint32_t part = 1 + model_draw(seed) % 3000;
        part = part > list->count - done ? list->count - done : part;
        status = postings_writer_add(&index->writer, list->documents + done, list->codes + done, part);
        done += part;
    }
    assert(status == 0);
    status = postings_writer_end(&index->writer, &record);
    assert(status == 0);
    memcpy(list->record, record.data, record.size);
    list->record_size = record.size;
    buf_release(&record);
}

static inline void model_index_end(struct model_index *index, uint32_t document_count)
{
    postings_writer_release(&index->writer);
    index->source.skips = memory_extents_view(&index->skips_memory, &index->skips);
    index->source.blocks = memory_extents_view(&index->blocks_memory, &index->blocks);
    index->source.document_count = document_count;
}

static inline void model_index_release(struct model_index *index)
{
    memory_extents_release(&index->skips_memory);
    memory_extents_release(&index->blocks_memory);
}

/* Index of the first posting from start on whose document is at least target, or count. */
static inline uint32_t model_find(const struct model_list *list, uint32_t start, uint32_t target)
{
    uint32_t end = list->count;
    while (start < end) {
        uint32_t middle = start + (end - start) / 2;
        if (list->documents[middle] < target) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    return start;
}

#endif
