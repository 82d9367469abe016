/*
 * reply.h - answers as bytes of RESP2 or RESP3.
 *
 * One call for each value, the container before what it holds; a map of n pairs is followed by 2n values. What RESP2
 * lacks becomes what its clients expect: a map a flat array, a double its shortest text, true and false 1 and 0. Errors
 * of the buffer are sticky (buf.h). Thread rule: touches only the buffer.
 *
 * Source: the Redis serialization protocol specification (redis.io/docs/reference/protocol-spec).
 */
#ifndef AISLE_SERVER_REPLY_H
#define AISLE_SERVER_REPLY_H

#include "base/buf.h"
#include "base/status.h"

struct reply {
    struct buf *out;
    int version; /* of RESP: 2 or 3 */
};

/* Makes room at once for what is about to come, which has at least so many bytes. */
void reply_reserve(const struct reply *reply, size_t bytes);

/* "+OK": text without line ends. */
void reply_simple(const struct reply *reply, const char *text);

/* "-CODE message": line ends in the message become blanks. */
void reply_error(const struct reply *reply, const char *code, const char *message);

void reply_integer(const struct reply *reply, int64_t value);
void reply_unsigned(const struct reply *reply, uint64_t value);
void reply_double(const struct reply *reply, double value);
void reply_bool(const struct reply *reply, bool value);
void reply_null(const struct reply *reply);
void reply_bulk(const struct reply *reply, struct bytes text);
void reply_text(const struct reply *reply, const char *text);

/* Headers: count values, or pairs, follow. */
void reply_array(const struct reply *reply, size_t count);
void reply_set(const struct reply *reply, size_t count);
void reply_map(const struct reply *reply, size_t pairs);

/* The name of a map's pair. */
static inline void reply_key(const struct reply *reply, const char *name)
{
    reply_text(reply, name);
}

/* The shortest decimal text that reads back as value; returns its size. */
#define REPLY_DOUBLE_BYTES 32u
size_t reply_double_text(double value, char text[REPLY_DOUBLE_BYTES]);

#endif
