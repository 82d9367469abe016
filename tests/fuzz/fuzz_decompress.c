/*
 * fuzz_decompress.c - decompresses any bytes, without dictionary, with a fixed one, and with one taken from the input:
 * u16 size of the dictionary, dictionary, frame. Then compresses the input and expects it back.
 */
#include "documents/documents.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void decompress(struct bytes dictionary, struct bytes stored)
{
    struct decompressor *decompressor;
    if (decompressor_new(dictionary, &decompressor) != 0) {
        require(decompressor == NULL);
        return;
    }
    struct buf out;
    buf_init(&out, LIMIT_PRODUCT_BYTES);
    int status = decompressor_run(decompressor, stored, &out);
    require(status == 0 || (status == AISLE_CORRUPT && out.size == 0));
    buf_release(&out);
    decompressor_free(decompressor);
}

static void round_trip(struct bytes dictionary, struct bytes product)
{
    struct compressor *compressor;
    struct decompressor *decompressor;
    struct buf stored;
    struct buf out;
    buf_init(&stored, DOCUMENT_STORED_BYTES_MAX);
    buf_init(&out, LIMIT_PRODUCT_BYTES);
    /* zstd's encoder refuses some damaged dictionaries that its decoder takes; the other way round would lose data. */
    int status = compressor_new(dictionary, COMPRESS_LEVEL, &compressor);
    int other = decompressor_new(dictionary, &decompressor);
    require(status == 0 || status == AISLE_CORRUPT);
    require(other == 0 || (other == AISLE_CORRUPT && status != 0));
    if (status == 0) {
        require(compressor_run(compressor, product, &stored) == 0);
        require(decompressor_run(decompressor, buf_bytes(&stored), &out) == 0);
        require(bytes_equal(buf_bytes(&out), product));
    }
    compressor_free(compressor);
    decompressor_free(decompressor);
    buf_release(&stored);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char fixed[] = "{\"id\":\"P0\",\"title\":\"\",\"price\":9.99,\"category\":[\"Food\",\"Tea\"]}";
    if (size < sizeof(uint16_t) || size > LIMIT_PRODUCT_BYTES) {
        return 0;
    }
    size_t dictionary_size = load_u16(data);
    struct bytes rest = bytes_of(data + sizeof(uint16_t), size - sizeof(uint16_t));
    dictionary_size = dictionary_size > rest.size ? rest.size : dictionary_size;
    struct bytes dictionary = bytes_of(rest.data, dictionary_size);
    struct bytes stored = bytes_of(rest.data + dictionary_size, rest.size - dictionary_size);
    decompress(bytes_of(NULL, 0), stored);
    decompress(bytes_of_string(fixed), stored);
    decompress(dictionary, stored);
    round_trip(dictionary, stored);
    return 0;
}
