/*
 * fuzz_position.c - any bytes as a stored log position: a status, or strings that end where they should.
 *
 * The first byte is the length of the key.
 */
#include "index/position.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_position position;
    size_t key_size = size == 0 ? 0 : data[0] < size ? data[0] : size - 1;
    struct bytes key = bytes_of(data + (size != 0), key_size);
    struct bytes value = bytes_of(data + (size != 0) + key_size, size == 0 ? 0 : size - 1 - key_size);
    if (position_decode(key, value, &position) == 0 &&
        (strlen(position.source) > POSITION_SOURCE_BYTES || strlen(position.seq) > POSITION_SEQ_BYTES)) {
        abort();
    }
    return 0;
}
