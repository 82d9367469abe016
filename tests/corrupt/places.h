/*
 * places.h - tells what each byte of an undamaged data file is, for the damage sweep's table.
 *
 * A reader of LMDB's file format of its own, so that the sweep does not judge src/storage by itself. It trusts what it
 * reads: the file must be sound, of 4 KiB pages. Single-threaded.
 */
#ifndef AISLE_TESTS_CORRUPT_PLACES_H
#define AISLE_TESTS_CORRUPT_PLACES_H

#include <stddef.h>
#include <stdint.h>

#define PLACES_PAGE 4096u

/* XX(name, text) */
#define PLACE_MAP(XX)                                     \
    XX(META_NEW, "meta page, newest")                     \
    XX(META_OLD, "meta page, the other")                  \
    XX(BRANCH, "branch page")                             \
    XX(LEAF, "leaf page")                                 \
    XX(FREE_LIST, "page of the free list")                \
    XX(OVERFLOW_HEAD, "overflow page's head")             \
    XX(PAYLOAD, "payload: extents, pages, dictionaries")  \
    XX(SLACK, "behind a payload's end")                   \
    XX(FREE, "free page")                                 \
    XX(LOCK, "lock.mdb")                                  \
    XX(PROPERTIES, "aisle.json")                          \
    XX(SCHEMA, "schema.json")                             \
    XX(OTHER, "other file")

enum place {
#define XX(name, text) PLACE_##name,
    PLACE_MAP(XX)
#undef XX
    PLACE_COUNT
};

/* One place for each byte of the file; places has size elements. */
void places_of_data(const uint8_t *file, size_t size, uint8_t *places);

const char *place_text(enum place place);

#endif
