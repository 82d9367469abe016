/*
 * lexicon_write.c - a part from its sources: the texts, then each index from another pass over them, then the footer.
 */
#include "lexicon/lexicon_write.h"

#include "base/alloc.h"

static int write_texts(struct lexicon_writer *writer)
{
    struct bytes word;
    uint32_t class;
    uint64_t words = 0;
    int status = lexicon_merge_begin(&writer->merge, LEXICON_ALL);
    while (status == 0 && (status = lexicon_merge_next(&writer->merge, &word, &class)) == 0) {
        uint64_t offset = extent_writer_put_whole(writer->out, word.data, word.size, 1);
        if (writer->class_words[class]++ == 0) {
            writer->class_offset[class] = offset;
        }
        status = ++words > LIMIT_LEXICON_WORDS ? AISLE_LIMIT : writer->out->status;
    }
    writer->footer.word_count = (uint32_t)words;
    return status == AISLE_END ? 0 : status;
}

static int write_masks(struct lexicon_writer *writer)
{
    struct bytes word;
    uint32_t class;
    writer->footer.masks_offset = lexicon_section(writer);
    int status = lexicon_merge_begin(&writer->merge, LEXICON_ELIGIBLE);
    while (status == 0 && (status = lexicon_merge_next(&writer->merge, &word, &class)) == 0) {
        uint32_t mask = lexicon_mask(word);
        extent_writer_put(writer->out, &mask, sizeof mask);
    }
    return status == AISLE_END ? writer->out->status : status;
}

static int write_classes(struct lexicon_writer *writer)
{
    uint8_t table[LEXICON_CLASSES * LEXICON_CLASS_BYTES] = {0};
    uint32_t count = 0;
    for (uint32_t class = 0; class < LEXICON_CLASSES; class++) {
        if (writer->class_words[class] != 0) {
            uint8_t *row = table + count++ * LEXICON_CLASS_BYTES;
            store_u16(row, (uint16_t)class);
            store_u32(row + 4, writer->class_words[class]);
            store_u64(row + 8, writer->class_offset[class]);
        }
    }
    writer->footer.classes_offset = extent_writer_put_whole(writer->out, table, count * LEXICON_CLASS_BYTES, 16);
    writer->footer.class_count = count;
    return writer->out->status;
}

static int write_part(struct lexicon_writer *writer)
{
    int status = write_texts(writer);
    if (status != 0 || writer->footer.word_count == 0) {
        return status;
    }
    status = write_masks(writer);
    if (status == 0) {
        status = lexicon_write_deletes(writer);
    }
    if (status == 0) {
        status = lexicon_write_grams(writer);
    }
    if (status == 0) {
        status = lexicon_write_trie(writer);
    }
    if (status == 0) {
        status = write_classes(writer);
    }
    if (status == 0) {
        extent_writer_put_whole(writer->out, &writer->footer, sizeof writer->footer, 16);
        status = writer->out->status;
    }
    return status;
}

int lexicon_write(struct extent_writer *out, const struct lexicon_sources *sources, size_t memory_bytes,
                  uint32_t *words)
{
    *words = 0;
    if (out->status != 0 || out->payload != 0) {
        return out->status != 0 ? out->status : AISLE_INVALID;
    }
    struct lexicon_writer *writer = mem_calloc(1, sizeof *writer);
    if (writer == NULL) {
        return AISLE_NO_MEMORY;
    }
    writer->out = out;
    writer->footer = (struct lexicon_footer){.version = LEXICON_VERSION, .magic = LEXICON_MAGIC};
    writer->memory_bytes = memory_bytes < LEXICON_WRITE_MEMORY_MIN ? LEXICON_WRITE_MEMORY_MIN : memory_bytes;
    int status = lexicon_merge_init(&writer->merge, sources, writer->memory_bytes / 4);
    if (status == 0) {
        status = write_part(writer);
    }
    *words = status == 0 ? writer->footer.word_count : 0;
    lexicon_merge_release(&writer->merge);
    mem_free(writer);
    return status;
}
