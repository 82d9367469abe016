/*
 * changes.h - column values that patches changed since the last commit, in one shard.
 *
 * A later change of the same value replaces the earlier one. Publishing visits them page by page.
 * Thread rule: the writer's.
 */
#ifndef AISLE_INDEX_CHANGES_H
#define AISLE_INDEX_CHANGES_H

#include "base/status.h"

struct column_patch {
    uint32_t segment; /* id */
    uint32_t document;
    int64_t value;
    uint8_t field;
    bool used;
};

struct changes {
    struct column_patch *slots; /* owned; open addressing */
    size_t slot_count;          /* 0 or a power of two */
    size_t count;
};

void changes_release(struct changes *changes);

must_check int changes_set(struct changes *changes, uint32_t segment, uint32_t document, uint8_t field,
                           int64_t value);

/* The pending value, or false. */
bool changes_get(const struct changes *changes, uint32_t segment, uint32_t document, uint8_t field, int64_t *value);

/*
 * All changes ordered by segment, field, document, packed to the front of changes->slots: afterwards only
 * changes_release is allowed.
 */
struct column_patch *changes_sort(struct changes *changes);

#endif
