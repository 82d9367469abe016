/*
 * fuzz_protocol.c - any bytes as requests, whole and in pieces.
 *
 * The first byte says how the rest is cut. What comes out must not depend on the cuts, must lie inside the input, and
 * must keep to the limits.
 */
#include "server/protocol.h"

#include "base/hash.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* A hash of all requests and the last status, reading step more bytes each time. */
static uint64_t digest(struct bytes input, size_t step)
{
    struct protocol protocol;
    uint64_t hash = 1;
    size_t start = 0;
    size_t have = 0;
    int status = AISLE_END;
    protocol_init(&protocol);
    while (status >= 0 && (have < input.size || status == 0)) {
        have = status == AISLE_END ? have + step : have;
        have = have > input.size ? input.size : have;
        struct bytes seen = bytes_of(input.data + start, have - start);
        size_t consumed = 0;
        aisle_error error = {0};
        status = protocol_parse(&protocol, seen, &consumed, &error);
        require(status == 0 || status == AISLE_END || (status == error.code && error.message[0] != '\0'));
        if (status != 0) {
            continue;
        }
        require(consumed > 0 && consumed <= seen.size && consumed <= LIMIT_SERVER_REQUEST_BYTES);
        require(protocol.count <= LIMIT_SERVER_ARGUMENTS);
        for (uint32_t i = 0; i < protocol.count; i++) {
            struct bytes argument = protocol_argument(&protocol, seen, i);
            hash = hash_bytes_seeded(argument.data, argument.size, hash + argument.size);
        }
        start += consumed;
        protocol_next(&protocol);
    }
    protocol_release(&protocol);
    return hash_bytes_seeded(&status, sizeof status, hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct bytes input = bytes_of(data + 1, size - 1);
    require(digest(input, input.size) == digest(input, (size_t)data[0] % 16 + 1));
    return 0;
}
