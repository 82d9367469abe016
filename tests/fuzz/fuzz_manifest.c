/*
 * fuzz_manifest.c - reads any bytes as a manifest, once as they are and once with their checksum set right.
 *
 * Whatever the bytes, decoding must return; what decodes must encode to something that decodes to the same again.
 */
#include "segment/segment.h"

#include "base/hash.h"

#include <stdlib.h>

#define BYTES_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void require_equal(const struct manifest *a, const struct manifest *b)
{
    require(a->generation == b->generation && a->next_segment == b->next_segment && a->dictionary == b->dictionary &&
            a->next_dictionary == b->next_dictionary && a->segment_count == b->segment_count);
    for (uint32_t i = 0; i < a->segment_count; i++) {
        const struct segment_info *x = &a->segments[i];
        const struct segment_info *y = &b->segments[i];
        require(x->id == y->id && x->documents == y->documents && x->dead == y->dead && x->terms == y->terms &&
                x->postings == y->postings && x->length_sum == y->length_sum && x->dictionary == y->dictionary);
        require(memcmp(x->component_size, y->component_size, sizeof x->component_size) == 0);
    }
}

static void exercise(struct bytes bytes)
{
    struct manifest manifest;
    if (manifest_decode(bytes, &manifest) != 0) {
        return;
    }
    struct manifest again;
    struct buf encoded;
    require(manifest.segment_count <= LIMIT_SEGMENTS);
    buf_init(&encoded, BYTES_MAX);
    require(manifest_encode(&manifest, &encoded) == 0);
    require(manifest_decode(buf_bytes(&encoded), &again) == 0);
    require_equal(&manifest, &again);
    manifest_release(&again);
    manifest_release(&manifest);
    buf_release(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exercise(bytes_of(data, size));
    if (size >= sizeof(uint32_t) && size <= BYTES_MAX) {
        struct buf sealed;
        buf_init(&sealed, BYTES_MAX);
        buf_put(&sealed, data, size);
        if (buf_status(&sealed) == 0) {
            store_u32(sealed.data, hash_checksum(sealed.data + sizeof(uint32_t), size - sizeof(uint32_t)));
            exercise(buf_bytes(&sealed));
        }
        buf_release(&sealed);
    }
    return 0;
}
