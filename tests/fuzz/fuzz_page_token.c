/*
 * fuzz_page_token.c - any bytes as the cursor of a page, and as the place that one stands for.
 *
 * As text, bytes are refused unless they are a token. As what a token holds, with the right hash and checksum around
 * them, they are refused or give a place that can be written again, in no longer a text.
 */
#include "base/hash.h"
#include "index/page_token.h"

#include <stdlib.h>

#define ASKED UINT64_C(0x0123456789abcdef)
#define HELD_MAX 40000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* base64url, once more. */
static void encode(const uint8_t *bytes, size_t size, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t word = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < size; i++) {
        word = word << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6) {
            buf_put_u8(out, (uint8_t)digits[word >> (bits - 6) & 63]);
        }
    }
    if (bits != 0) {
        buf_put_u8(out, (uint8_t)digits[word << (6 - bits) & 63]);
    }
}

static void read_text(struct bytes text)
{
    struct arena arena;
    struct page_place place;
    struct buf again;
    aisle_error error = {.code = 0};
    arena_init(&arena, LIMIT_QUERY_MEMORY_BYTES);
    buf_init(&again, HELD_MAX);
    int status = page_token_read(text, ASKED, &arena, &place, &error);
    require(status == 0 || (status == AISLE_BAD_QUERY && error.code == status));
    if (status == 0) {
        require(place.value_count <= LIMIT_SORT_PARTS);
        page_token_write(&place, ASKED, &again);
        require(buf_status(&again) == 0 && again.size <= text.size);
    }
    buf_release(&again);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf held;
    struct buf text;
    read_text(bytes_of(data, size));
    buf_init(&held, HELD_MAX);
    buf_init(&text, HELD_MAX * 2);
    buf_put_u8(&held, 2);
    buf_put_u64(&held, ASKED);
    buf_put(&held, data, size);
    if (buf_status(&held) == 0) {
        buf_put_u32(&held, hash_checksum(held.data, held.size));
        encode(held.data, held.size, &text);
        /* A size may be written in more bytes than it needs, so that another text means the same. */
        read_text(buf_bytes(&text));
    }
    buf_release(&held);
    buf_release(&text);
    return 0;
}
