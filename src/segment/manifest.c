/*
 * manifest.c - the list of a shard's segments and parts: encoding, decoding, storing.
 *
 * The manifest is the commit: a segment that it does not list does not exist. It is small (about 200 bytes a
 * segment) and rewritten whole by every generation.
 */
#include "segment/segment.h"

#include "base/alloc.h"
#include "base/hash.h"

#define MANIFEST_BYTES_MAX (1u << 20)

static const char manifest_key[] = "current";

static struct bytes key_bytes(void)
{
    return bytes_of_string(manifest_key);
}

void manifest_release(struct manifest *manifest)
{
    mem_free(manifest->segments);
    mem_free(manifest->parts);
    *manifest = (struct manifest){.next_segment = 1, .next_dictionary = 1};
}

int manifest_copy(const struct manifest *from, struct manifest *out)
{
    struct segment_info *segments = mem_calloc(from->segment_count, sizeof *segments);
    struct part_info *parts = mem_calloc(from->part_count, sizeof *parts);
    if (segments == NULL || parts == NULL) {
        mem_free(segments);
        mem_free(parts);
        return AISLE_NO_MEMORY;
    }
    if (from->part_count != 0) {
        memcpy(parts, from->parts, from->part_count * sizeof *parts);
    }
    if (from->segment_count != 0) {
        memcpy(segments, from->segments, from->segment_count * sizeof *segments);
    }
    *out = *from;
    out->segments = segments;
    out->parts = parts;
    return 0;
}

int manifest_add(struct manifest *manifest, const struct segment_info *info)
{
    if (manifest->segment_count >= LIMIT_SEGMENTS) {
        return AISLE_LIMIT;
    }
    size_t size = (manifest->segment_count + 1) * sizeof *manifest->segments;
    struct segment_info *segments = mem_realloc(manifest->segments, size);
    if (segments == NULL) {
        return AISLE_NO_MEMORY;
    }
    segments[manifest->segment_count] = *info;
    manifest->segments = segments;
    manifest->segment_count++;
    return 0;
}

int manifest_add_part(struct manifest *manifest, const struct part_info *info)
{
    if (manifest->part_count >= LIMIT_PARTS) {
        return AISLE_LIMIT;
    }
    struct part_info *parts = mem_realloc(manifest->parts, (manifest->part_count + 1) * sizeof *manifest->parts);
    if (parts == NULL) {
        return AISLE_NO_MEMORY;
    }
    parts[manifest->part_count] = *info;
    manifest->parts = parts;
    manifest->part_count++;
    return 0;
}

/* Those of count components that are not empty. */
static void encode_sizes(const uint64_t *sizes, unsigned count, struct buf *out)
{
    uint8_t used = 0;
    for (unsigned i = 0; i < count; i++) {
        used = (uint8_t)(used + (sizes[i] != 0 ? 1 : 0));
    }
    buf_put_u8(out, used);
    for (unsigned i = 0; i < count; i++) {
        if (sizes[i] != 0) {
            buf_put_u8(out, (uint8_t)i);
            buf_put_u64(out, sizes[i]);
        }
    }
}

static bool decode_sizes(struct byte_reader *reader, uint64_t *sizes, unsigned count)
{
    uint8_t used = byte_reader_u8(reader);
    for (uint8_t i = 0; i < used; i++) {
        uint8_t component = byte_reader_u8(reader);
        uint64_t size = byte_reader_u64(reader);
        if (component >= count || size / EXTENT_PAYLOAD >= LIMIT_EXTENTS_COMPONENT) {
            return false;
        }
        sizes[component] = size;
    }
    return byte_reader_ok(reader);
}

static void encode_part(const struct part_info *info, struct buf *out)
{
    buf_put_u32(out, info->id);
    buf_put_u8(out, info->kind);
    buf_put_u64(out, info->entries);
    encode_sizes(info->component_size, PART_COMPONENTS, out);
}

static bool decode_part(struct byte_reader *reader, struct part_info *info)
{
    *info = (struct part_info){.id = byte_reader_u32(reader)};
    info->kind = byte_reader_u8(reader);
    info->entries = byte_reader_u64(reader);
    return decode_sizes(reader, info->component_size, PART_COMPONENTS);
}

static void encode_segment(const struct segment_info *info, struct buf *out)
{
    buf_put_u32(out, info->id);
    buf_put_u32(out, info->documents);
    buf_put_u32(out, info->dead);
    buf_put_u32(out, info->dictionary);
    buf_put_u64(out, info->postings);
    buf_put_u64(out, info->terms);
    buf_put_u64(out, info->length_sum);
    encode_sizes(info->component_size, COMPONENT_COUNT, out);
}

int manifest_encode(const struct manifest *manifest, struct buf *out)
{
    size_t start = out->size;
    buf_put_u32(out, 0);
    buf_put_u32(out, MANIFEST_VERSION);
    buf_put_u64(out, manifest->generation);
    buf_put_u32(out, manifest->next_segment);
    buf_put_u32(out, manifest->next_dictionary);
    buf_put_u32(out, manifest->dictionary);
    buf_put_u32(out, manifest->segment_count);
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        encode_segment(&manifest->segments[i], out);
    }
    buf_put_u32(out, manifest->part_count);
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        encode_part(&manifest->parts[i], out);
    }
    if (buf_status(out) == 0) {
        store_u32(out->data + start, hash_checksum(out->data + start + 4, out->size - start - 4));
    }
    return buf_status(out);
}

static bool decode_segment(struct byte_reader *reader, struct segment_info *info)
{
    *info = (struct segment_info){.id = byte_reader_u32(reader)};
    info->documents = byte_reader_u32(reader);
    info->dead = byte_reader_u32(reader);
    info->dictionary = byte_reader_u32(reader);
    info->postings = byte_reader_u64(reader);
    info->terms = byte_reader_u64(reader);
    info->length_sum = byte_reader_u64(reader);
    bool sized = decode_sizes(reader, info->component_size, COMPONENT_COUNT);
    return sized && info->documents <= LIMIT_SEGMENT_DOCUMENTS && info->dead <= info->documents;
}

int manifest_decode(struct bytes bytes, struct manifest *out)
{
    struct byte_reader reader = byte_reader_of(bytes);
    uint32_t checksum = byte_reader_u32(&reader);
    if (!byte_reader_ok(&reader) || checksum != hash_checksum(bytes.data + 4, bytes.size - 4)) {
        return AISLE_CORRUPT;
    }
    uint32_t version = byte_reader_u32(&reader);
    if (version != MANIFEST_VERSION) {
        return version == 0 ? AISLE_CORRUPT : version < MANIFEST_VERSION ? AISLE_OLD_FORMAT : AISLE_NEWER_FORMAT;
    }
    struct manifest manifest = {.generation = byte_reader_u64(&reader)};
    manifest.next_segment = byte_reader_u32(&reader);
    manifest.next_dictionary = byte_reader_u32(&reader);
    manifest.dictionary = byte_reader_u32(&reader);
    uint32_t count = byte_reader_u32(&reader);
    int status = byte_reader_ok(&reader) && count <= LIMIT_SEGMENTS ? 0 : AISLE_CORRUPT;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct segment_info info;
        status = decode_segment(&reader, &info) ? manifest_add(&manifest, &info) : AISLE_CORRUPT;
    }
    count = byte_reader_u32(&reader);
    status = status == 0 && (!byte_reader_ok(&reader) || count > LIMIT_PARTS) ? AISLE_CORRUPT : status;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        struct part_info info;
        status = decode_part(&reader, &info) ? manifest_add_part(&manifest, &info) : AISLE_CORRUPT;
    }
    if (status == 0 && byte_reader_left(&reader) != 0) {
        status = AISLE_CORRUPT;
    }
    if (status != 0) {
        manifest_release(&manifest);
        return status;
    }
    *out = manifest;
    return 0;
}

int manifest_load(struct storage_txn *txn, struct manifest *out, aisle_error *error)
{
    *out = (struct manifest){.next_segment = 1, .next_dictionary = 1};
    struct bytes value;
    int status = storage_get(txn, TABLE_MANIFEST, key_bytes(), &value);
    if (status == AISLE_END) {
        return 0;
    }
    if (status == 0) {
        status = manifest_decode(value, out);
    }
    return status == 0 ? 0 : error_set(error, status, "the manifest cannot be read: %s", aisle_error_text(status));
}

int manifest_generation(struct storage_txn *txn, uint64_t *generation)
{
    struct bytes value;
    int status = storage_get(txn, TABLE_MANIFEST, key_bytes(), &value);
    *generation = 0;
    if (status == 0) {
        struct byte_reader reader = byte_reader_of(value);
        byte_reader_take(&reader, 2 * sizeof(uint32_t));
        *generation = byte_reader_u64(&reader);
        return byte_reader_ok(&reader) ? 0 : AISLE_CORRUPT;
    }
    return status == AISLE_END ? 0 : status;
}

int manifest_store(struct storage_txn *txn, const struct manifest *manifest, aisle_error *error)
{
    struct buf encoded;
    buf_init(&encoded, MANIFEST_BYTES_MAX);
    int status = manifest_encode(manifest, &encoded);
    if (status == 0) {
        status = storage_put(txn, TABLE_MANIFEST, key_bytes(), buf_bytes(&encoded));
    }
    buf_release(&encoded);
    return status == 0 ? 0 : error_set(error, status, "the manifest cannot be written: %s", aisle_error_text(status));
}
