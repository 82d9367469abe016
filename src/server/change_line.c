/*
 * change_line.c - writing and reading of lines of the server's change log.
 *
 * Bodies are JSON that aisle.h has accepted before; they are carried along unread.
 */
#include "server/change_line.h"

#include "base/hash.h"
#include "server/product.h"

#include <stdio.h>
#include <time.h>

#define TIME_BYTES 24u /* 2026-11-23T10:00:00.000Z */
#define TIME_MAX_MS INT64_C(253402300799999) /* the last of the year 9999 */

static const char *const op_names[] = {"put", "patch", "delete"};

static void put_string(struct buf *out, struct bytes text)
{
    buf_put_u8(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\') {
            buf_put_u8(out, '\\');
            buf_put_u8(out, c);
        } else if (c < 0x20) {
            buf_printf(out, "\\u%04x", c);
        } else {
            buf_put_u8(out, c);
        }
    }
    buf_put_u8(out, '"');
}

/* Times that clocks set wrong tell take as many bytes as others, or the line could not be read again. */
static void put_time(struct buf *out, int64_t ms)
{
    ms = ms < 0 ? 0 : ms > TIME_MAX_MS ? TIME_MAX_MS : ms;
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char text[40] = "1970-01-01T00:00:00";
    if (gmtime_r(&seconds, &tm) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    }
    buf_printf(out, ",\"time\":\"%s.%03dZ\"", text, (int)(ms % 1000));
}

static void put_body(struct buf *out, const char *name, struct bytes body)
{
    buf_put_string(out, name);
    size_t start = out->size;
    buf_put(out, body.data, body.size);
    for (size_t i = start; i < out->size; i++) {
        out->data[i] = out->data[i] == '\n' || out->data[i] == '\r' ? ' ' : out->data[i];
    }
}

void change_line_put(struct buf *out, const struct change_line *line)
{
    buf_printf(out, "{\"op\":\"%s\",\"seq\":\"%llu\"", op_names[line->op], (unsigned long long)line->seq);
    put_time(out, line->time_ms);
    if (line->key.size > 0) {
        buf_put_string(out, ",\"key\":");
        put_string(out, line->key);
    }
    if (line->op == CHANGE_LINE_DELETE) {
        buf_put_string(out, line->found ? ",\"found\":true " : ",\"found\":false"); /* alike in length */
    }
    if (line->op != CHANGE_LINE_PUT) {
        buf_put_string(out, ",\"id\":");
        put_string(out, line->id);
    }
    if (line->op != CHANGE_LINE_DELETE) {
        put_body(out, line->op == CHANGE_LINE_PUT ? ",\"product\":" : ",\"fields\":", line->body);
    }
    buf_put(out, "}\n", 2);
}

/* Takes text off the front; false when it does not stand there. */
static bool take(struct bytes *left, const char *text)
{
    size_t size = strlen(text);
    if (!bytes_begin_with(*left, bytes_of(text, size))) {
        return false;
    }
    *left = bytes_of(left->data + size, left->size - size);
    return true;
}

/* Takes a quoted string off the front and unescapes it into scratch; *place is where it begins there. */
static bool take_string(struct bytes *left, struct buf *scratch, size_t *place, size_t *size)
{
    size_t end = 1;
    if (left->size == 0 || left->data[0] != '"') {
        return false;
    }
    while (end < left->size && left->data[end] != '"') {
        end += left->data[end] == '\\' ? 2 : 1;
    }
    if (end >= left->size) {
        return false;
    }
    *place = scratch->size;
    product_plain(bytes_of(left->data, end + 1), scratch);
    *size = scratch->size - *place;
    *left = bytes_of(left->data + end + 1, left->size - end - 1);
    return true;
}

static bool take_seq(struct bytes *left, uint64_t *seq)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; i < left->size && i < 19 && left->data[i] >= '0' && left->data[i] <= '9'; i++) {
        value = value * 10 + (uint64_t)(left->data[i] - '0');
    }
    *seq = value;
    *left = bytes_of(left->data + i, left->size - i);
    return i > 0;
}

static bool take_op(struct bytes *left, enum change_op *op)
{
    for (size_t i = 0; i < sizeof op_names / sizeof op_names[0]; i++) {
        if (take(left, op_names[i])) {
            *op = (enum change_op)i;
            return true;
        }
    }
    return false;
}

static bool take_head(struct bytes *left, struct change_line *line)
{
    if (!take(left, "{\"op\":\"") || !take_op(left, &line->op) || !take(left, "\",\"seq\":\"") ||
        !take_seq(left, &line->seq) || !take(left, "\",\"time\":\"") || left->size < TIME_BYTES) {
        return false;
    }
    *left = bytes_of(left->data + TIME_BYTES, left->size - TIME_BYTES);
    return take(left, "\"");
}

int change_line_read(struct bytes text, struct change_line *line, struct buf *scratch, aisle_error *error)
{
    struct bytes left = text;
    size_t key = 0;
    size_t id = 0;
    *line = (struct change_line){.op = CHANGE_LINE_PUT};
    buf_clear(scratch);
    bool fine = take_head(&left, line);
    if (fine && take(&left, ",\"key\":")) {
        fine = take_string(&left, scratch, &key, &line->key.size);
    }
    if (fine && line->op == CHANGE_LINE_DELETE) {
        line->found = take(&left, ",\"found\":true ");
        fine = line->found || take(&left, ",\"found\":false");
    }
    if (fine && line->op != CHANGE_LINE_PUT) {
        fine = take(&left, ",\"id\":") && take_string(&left, scratch, &id, &line->id.size);
    }
    if (fine && line->op != CHANGE_LINE_DELETE) {
        fine = take(&left, line->op == CHANGE_LINE_PUT ? ",\"product\":" : ",\"fields\":") && left.size > 1;
        line->body = fine ? bytes_of(left.data, left.size - 1) : line->body;
        left = fine ? bytes_of(left.data + left.size - 1, 1) : left;
    }
    if (buf_status(scratch) != 0) {
        return error_set(error, buf_status(scratch), "a line of the change log: %s",
                         aisle_error_text(buf_status(scratch)));
    }
    if (!fine || !bytes_equal(left, bytes_of_string("}"))) {
        return error_set_at(error, AISLE_CORRUPT, (size_t)(left.data - text.data),
                            "not a line that this server writes");
    }
    line->key.data = scratch->data == NULL ? NULL : scratch->data + key;
    line->id.data = scratch->data == NULL ? NULL : scratch->data + id;
    return 0;
}

uint64_t change_line_digest(const struct change_line *line)
{
    uint64_t digest = hash_bytes_seeded(line->id.data, line->id.size, (uint64_t)line->op);
    return hash_bytes_seeded(line->body.data, line->body.size, digest);
}
