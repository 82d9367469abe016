/*
 * curation_table.c - keys, the table they are filed in, and what a condition is in bytes.
 *
 * Thread rule: as curation.h.
 */
#include "curation/curation_private.h"

#include "base/alloc.h"
#include "base/hash.h"

void curation_key_begin(struct curation_key *key, char kind)
{
    key->bytes[0] = (uint8_t)kind;
    key->size = 1;
}

void curation_key_add(struct curation_key *key, struct bytes term)
{
    key->bytes[key->size++] = (uint8_t)term.size;
    memcpy(key->bytes + key->size, term.data, term.size);
    key->size += term.size;
}

static const struct curation_entry *seek(const struct curation_entry *entry, struct bytes key)
{
    while (entry != NULL && !bytes_equal(entry->key, key)) {
        entry = entry->next;
    }
    return entry;
}

const struct curation_entry *curation_first(const struct curation *curation, struct bytes key)
{
    return seek(curation->slots[hash_bytes(key.data, key.size) & (curation->slot_count - 1)], key);
}

const struct curation_entry *curation_next(const struct curation_entry *entry)
{
    return seek(entry->next, entry->key);
}

/* ---- conditions ---- */

static void put_word(struct buf *out, struct bytes word)
{
    buf_put_u64(out, word.data == NULL ? UINT64_MAX : word.size);
    if (word.size != 0) {
        buf_put(out, word.data, word.size);
    }
}

void curation_condition(const struct filter_node *node, struct buf *out)
{
    const uint8_t head[] = {CURATION_KEY_CONDITION, (uint8_t)node->kind, node->field, node->includes_low,
                            node->includes_high};
    buf_put(out, head, sizeof head);
    buf_put_u64(out, (uint64_t)node->least);
    buf_put_u64(out, (uint64_t)node->greatest);
    put_word(out, node->low);
    put_word(out, node->high);
    buf_put_u32(out, node->count);
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->kind == FILTER_WORD_SET) {
            put_word(out, node->words[i]);
        } else {
            buf_put_u64(out, (uint64_t)node->numbers[i]);
        }
    }
    buf_put_u32(out, node->child_count);
    for (uint32_t i = 0; i < node->child_count; i++) {
        curation_condition(node->children[i], out);
    }
}

int curation_conditions(const struct filter_node *node, void *self,
                        int (*take)(void *self, const struct filter_node *condition))
{
    int status = 0;
    if (node->kind != FILTER_AND) {
        return take(self, node);
    }
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        status = curation_conditions(node->children[i], self, take);
    }
    return status;
}

/* ---- life ---- */

void curation_free(struct curation *curation)
{
    if (curation != NULL) {
        arena_release(&curation->arena);
        mem_free(curation);
    }
}

const struct curation_rule *curation_rules(const struct curation *curation, uint32_t *count)
{
    *count = curation->count;
    return curation->rules;
}
