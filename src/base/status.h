/*
 * status.h - statuses and messages for every layer.
 *
 * The codes themselves stand in the public header (AISLE_ERROR_MAP); this header adds what the inside needs to fill
 * an aisle_error. Rule: negative is an error, 0 is done, AISLE_END (1) is end or absent where a header says so.
 * Thread rule: functions touch only what they are given.
 */
#ifndef AISLE_BASE_STATUS_H
#define AISLE_BASE_STATUS_H

#include "aisle.h"

#include <stddef.h>

#define must_check __attribute__((warn_unused_result))

/*
 * Fills error (may be NULL) with code and the formatted message, cut to its array, position 0, and returns code, so
 * that callers write: return error_set(error, AISLE_CORRUPT, "segment %u: ...", id);
 */
int error_set(aisle_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As error_set, with the byte position of the fault in the input. */
int error_set_at(aisle_error *error, int code, size_t position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Fills error for AISLE_NO_MEMORY and returns the code. what: the thing that was being done. */
int error_no_memory(aisle_error *error, const char *what);

#endif
