/*
 * protocol.h - requests out of bytes: the client's side of RESP2 and RESP3, and lines typed by people.
 *
 * A request is `*COUNT\r\n` and COUNT times `$SIZE\r\nBYTES\r\n`, or a line: words between blanks, in "..." with
 * \n \r \t \\ \" \xHH, or in '...' as they are. (Both RESP versions ask alike; they differ in answers, reply.h.)
 * The parser is pure: it sees bytes, never a socket, and says "whole", "need more" or what is wrong. It goes on where
 * it stopped, so that a request that trickles in byte by byte is still read once. After an error the stream has lost
 * its frame, and only an end of the connection is safe.
 *
 * Source: the Redis serialization protocol specification (redis.io/docs/reference/protocol-spec).
 * Thread rule: one thread at a time; no globals.
 */
#ifndef AISLE_SERVER_PROTOCOL_H
#define AISLE_SERVER_PROTOCOL_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

struct protocol_span {
    uint32_t offset; /* in the input, or in `words` of a line */
    uint32_t size;
};

struct protocol {
    struct protocol_span *spans; /* owned */
    uint32_t count;              /* arguments read so far */
    uint32_t capacity;
    uint32_t expected;           /* arguments that the header announced; 0: before the header */
    uint32_t bulk_bytes;         /* of the argument whose bytes are being waited for */
    bool in_bulk;
    bool is_line;
    size_t at;          /* in the input, how far it was read */
    struct buf words;   /* of a line, unescaped */
    uint32_t arguments_max;
    uint32_t bytes_max;
};

/* A parser that expects a request; holds no memory yet. Limits: LIMIT_SERVER_ARGUMENTS, _REQUEST_BYTES. */
void protocol_init(struct protocol *protocol);
void protocol_release(struct protocol *protocol);

/* Sets narrower limits, or the widest again. */
void protocol_limit(struct protocol *protocol, uint32_t arguments_max, uint32_t bytes_max);

/*
 * Reads one request from the beginning of input, which must hold the same bytes as in the last call, or more, until
 * a request was whole. 0: the request is whole and took *consumed bytes; protocol_argument has its arguments (count may
 * be 0: a blank line or an empty array, which is no request). AISLE_END: more bytes are needed. AISLE_INVALID: not the
 * protocol, or an HTTP request; AISLE_LIMIT: too large, error names the limit; AISLE_NO_MEMORY.
 */
must_check int protocol_parse(struct protocol *protocol, struct bytes input, size_t *consumed, aisle_error *error);

/* The i-th argument of the whole request; a view of input, or of the parser until the next protocol_next. */
static inline struct bytes protocol_argument(const struct protocol *protocol, struct bytes input, uint32_t i)
{
    const uint8_t *from = protocol->is_line ? protocol->words.data : input.data;
    return bytes_of(from + protocol->spans[i].offset, protocol->spans[i].size);
}

/* Forgets the request that was whole; the next call of protocol_parse begins at the next request's first byte. */
void protocol_next(struct protocol *protocol);

#endif
