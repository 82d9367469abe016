/*
 * documents_check.c - proves that the index of stored products is what it says: the walk behind `check`.
 *
 * Thread rule: pure functions over shared readers.
 */
#include "documents/documents.h"

#include "documents/documents_format.h"

/* Sizes of one block; *end moves from where the block must begin to where it ends. Names the fault. */
static const char *check_block(const struct documents_reader *reader, uint32_t number, uint64_t *end)
{
    struct documents_block block;
    if (documents_block_open(reader, number, &block) != 0) {
        return "its head or its bounds are damaged";
    }
    if (block.head.base != *end) {
        return "it does not begin where the one before ends";
    }
    for (uint32_t i = 0; i < block.count; i++) {
        uint64_t start;
        uint32_t size;
        if (documents_block_locate(&block, i, &start, &size) != 0) {
            return "a size is not allowed or an escape is missing";
        }
        *end = block.head.base + start + size;
    }
    unsigned escapes = 0;
    for (uint32_t i = 0; i < block.count; i++) {
        escapes += bits_get(block.codes, i, block.head.width) == (1u << block.head.width) - 1;
    }
    return escapes != block.head.escapes ? "escapes are left over" : NULL;
}

int documents_check(const struct documents_reader *reader, aisle_error *error)
{
    uint64_t end = 0;
    for (uint32_t block = 0; block < documents_blocks_of(reader->count); block++) {
        const char *fault = check_block(reader, block, &end);
        if (fault != NULL) {
            return error_set(error, AISLE_CORRUPT, "index of stored products, block %u: %s", block, fault);
        }
    }
    if (end != reader->data->size) {
        return error_set(error, AISLE_CORRUPT, "stored products: sizes add up to %llu bytes, there are %llu",
                         (unsigned long long)end, (unsigned long long)reader->data->size);
    }
    return 0;
}
