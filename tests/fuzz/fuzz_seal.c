/*
 * fuzz_seal.c - reads any bytes as a seal, and compares it with any two meta pages.
 *
 * The input is a seal file of two slots, and the two meta pages as far as they are read. The slots are taken as they
 * are, and again with version, data file and checksum set right. Whatever the pages, what is sealed of them fits them.
 */
#include "storage/seal.h"

#include "base/hash.h"

#include <stdlib.h>

#define FILE_NUMBER 4711u
#define SLOTS_BYTES (2 * SEAL_BYTES)
#define META_PAGE_BYTES (META_HEAD_BYTES + META_BYTES)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void repair(uint8_t *slot)
{
    store_u32(slot + 4, 1);
    store_u64(slot + 16, FILE_NUMBER);
    store_u32(slot, hash_checksum(slot + 4, SEAL_BYTES - 4));
}

static bool fits(const struct seal *seal, const uint8_t *const pages[2])
{
    char fault[112] = "";
    bool answer = seal_fits_metas(seal, pages, fault, sizeof fault);
    require(answer == (fault[0] == '\0'));
    return answer;
}

static void compare(const struct seal *seal, const uint8_t *const pages[2])
{
    struct structure_meta metas[2];
    structure_meta_read(pages[0], &metas[0]);
    structure_meta_read(pages[1], &metas[1]);
    unsigned newest = metas[1].number > metas[0].number;
    bool known = metas[seal->number % 2].number >= seal->number;
    require(known || !fits(seal, pages)); /* a commit that is sealed does not vanish */
    (void)fits(seal, pages);
    struct seal own = {
        .number = metas[newest].number, .meta = metas[newest].hash, .other_meta = metas[1 - newest].hash};
    require(own.number == 0 || fits(&own, pages));
    own.meta++;
    require(own.number == 0 || !fits(&own, pages));
}

static void exercise(const uint8_t *slots, const uint8_t *const pages[2])
{
    struct seal seal;
    char fault[112];
    seal_decode(slots, FILE_NUMBER, &seal);
    require(seal.number == 0 || seal.file == FILE_NUMBER);
    if (structure_metas_sound(pages, fault, sizeof fault) && load_u32(pages[0] + META_HEAD_BYTES) == 0xBEEFC0DEu &&
        load_u32(pages[1] + META_HEAD_BYTES) == 0xBEEFC0DEu && load_u32(pages[0] + META_HEAD_BYTES + 4) == 1 &&
        load_u32(pages[1] + META_HEAD_BYTES + 4) == 1) {
        compare(&seal, pages);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t slots[SLOTS_BYTES];
    uint8_t metas[2][META_PAGE_BYTES];
    const uint8_t *const pages[2] = {metas[0], metas[1]};
    if (size != SLOTS_BYTES + sizeof metas) {
        return 0;
    }
    memcpy(slots, data, sizeof slots);
    memcpy(metas, data + sizeof slots, sizeof metas);
    exercise(slots, pages);
    repair(slots);
    repair(slots + SEAL_BYTES);
    exercise(slots, pages);
    return 0;
}
