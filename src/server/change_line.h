/*
 * change_line.h - one line of the server's own change log.
 *
 *   {"op":"put","seq":"7","time":"2026-11-23T10:00:00.000Z","key":"K","product":{...}}
 *   {"op":"patch","seq":"8","time":"...","id":"P1","fields":{...}}
 *   {"op":"delete","seq":"9","time":"...","key":"K","found":true ,"id":"P1"}
 *
 * "found", whether there was a product to delete, has one length, so that a line's end is known before it is carried
 * out. "key" is only there when the client gave one. `aisle index` reads these lines, too. Read here are only lines
 * written here: members in this order, no other blanks between them.
 * Thread rule: touches only what it is given.
 */
#ifndef AISLE_SERVER_CHANGE_LINE_H
#define AISLE_SERVER_CHANGE_LINE_H

#include "base/buf.h"
#include "base/status.h"

#define CHANGE_KEY_BYTES_MAX 256u

enum change_op { CHANGE_LINE_PUT, CHANGE_LINE_PATCH, CHANGE_LINE_DELETE };

struct change_line {
    enum change_op op;
    uint64_t seq;
    int64_t time_ms;
    struct bytes key;  /* UTF-8; size 0: none */
    struct bytes id;   /* UTF-8; of patches and deletes */
    struct bytes body; /* product or fields, JSON */
    bool found;        /* of deletes */
};

/* Appends the line with its newline; line ends within the body become blanks, which JSON allows between tokens. */
void change_line_put(struct buf *out, const struct change_line *line);

/*
 * Reads a line without its newline. key and id are unescaped into scratch (cleared first), body is a view of text.
 * AISLE_CORRUPT when it is no line as written here; AISLE_NO_MEMORY.
 */
must_check int change_line_read(struct bytes text, struct change_line *line, struct buf *scratch, aisle_error *error);

/* What two requests with one key must share: operation, id and body. */
uint64_t change_line_digest(const struct change_line *line);

#endif
