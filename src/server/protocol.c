/*
 * protocol.c - the resumable parser of requests.
 *
 * Every size is checked against its limit before anything is waited for or allocated. Owns the list of arguments'
 * places and a line's unescaped words; the bytes themselves are the caller's.
 */
#include "server/protocol.h"

#include "base/alloc.h"

#define HEADER_BYTES_MAX 32u   /* of "*COUNT\r\n" and "$SIZE\r\n" */
#define SPANS_KEPT 64u         /* a longer list is given back after its request, or idle connections would keep it */

void protocol_init(struct protocol *protocol)
{
    *protocol = (struct protocol){.arguments_max = LIMIT_SERVER_ARGUMENTS, .bytes_max = LIMIT_SERVER_REQUEST_BYTES};
    buf_init(&protocol->words, LIMIT_SERVER_INLINE_BYTES);
}

void protocol_release(struct protocol *protocol)
{
    mem_free(protocol->spans);
    buf_release(&protocol->words);
    protocol_init(protocol);
}

void protocol_limit(struct protocol *protocol, uint32_t arguments_max, uint32_t bytes_max)
{
    protocol->arguments_max = arguments_max;
    protocol->bytes_max = bytes_max;
}

void protocol_next(struct protocol *protocol)
{
    if (protocol->capacity > SPANS_KEPT) {
        mem_free(protocol->spans);
        protocol->spans = NULL;
        protocol->capacity = 0;
    }
    if (protocol->is_line) {
        buf_release(&protocol->words);
    }
    protocol->count = 0;
    protocol->expected = 0;
    protocol->in_bulk = false;
    protocol->is_line = false;
    protocol->at = 0;
}

static int add_span(struct protocol *protocol, size_t offset, size_t size, aisle_error *error)
{
    if (protocol->count == protocol->capacity) {
        uint32_t capacity = protocol->capacity == 0 ? 8 : protocol->capacity * 2;
        struct protocol_span *spans = mem_realloc(protocol->spans, capacity * sizeof *spans);
        if (spans == NULL) {
            return error_no_memory(error, "a request");
        }
        protocol->spans = spans;
        protocol->capacity = capacity;
    }
    protocol->spans[protocol->count++] = (struct protocol_span){(uint32_t)offset, (uint32_t)size};
    return 0;
}

/*
 * The number of a header at protocol->at, behind its first byte. 0 and *next behind its line end, AISLE_END, or
 * AISLE_INVALID.
 */
static int read_number(const struct protocol *protocol, struct bytes input, const char *what, int64_t *number,
                       size_t *next, aisle_error *error)
{
    size_t start = protocol->at + 1;
    size_t left = input.size - start;
    const uint8_t *p = input.data + start;
    const uint8_t *end = left == 0 ? NULL : memchr(p, '\n', left < HEADER_BYTES_MAX ? left : HEADER_BYTES_MAX);
    if (end == NULL) {
        return left < HEADER_BYTES_MAX
                   ? AISLE_END
                   : error_set(error, AISLE_INVALID, "Protocol error: the %s is not a number and a line end", what);
    }
    *next = start + (size_t)(end - p) + 1;
    bool negative = *p == '-';
    p += negative;
    int64_t value = 0;
    const uint8_t *digits = p;
    for (; *p >= '0' && *p <= '9' && value <= INT32_MAX; p++) {
        value = value * 10 + (*p - '0');
    }
    if (p == digits || p + 1 != end || *p != '\r') {
        return error_set(error, AISLE_INVALID, "Protocol error: the %s is not a number and a line end", what);
    }
    *number = negative ? -value : value;
    return 0;
}

static int too_large(const struct protocol *protocol, aisle_error *error)
{
    return error_set(error, AISLE_LIMIT, "Protocol error: a request has at most %u bytes", protocol->bytes_max);
}

/* The header of the next argument. */
static int read_size(struct protocol *protocol, struct bytes input, aisle_error *error)
{
    int64_t size = 0;
    size_t next = 0;
    if (protocol->at >= input.size) {
        return AISLE_END;
    }
    if (input.data[protocol->at] != '$') {
        return error_set(error, AISLE_INVALID, "Protocol error: expected '$' before argument %u, not byte 0x%02x",
                         protocol->count + 1, input.data[protocol->at]);
    }
    int status = read_number(protocol, input, "size of an argument", &size, &next, error);
    if (status != 0) {
        return status;
    }
    if (size < 0) {
        return error_set(error, AISLE_INVALID, "Protocol error: argument %u has a negative size", protocol->count + 1);
    }
    if ((uint64_t)size + next + 2 > protocol->bytes_max) {
        return too_large(protocol, error);
    }
    protocol->at = next;
    protocol->bulk_bytes = (uint32_t)size;
    protocol->in_bulk = true;
    return 0;
}

static int read_argument(struct protocol *protocol, struct bytes input, aisle_error *error)
{
    int status = protocol->in_bulk ? 0 : read_size(protocol, input, error);
    if (status != 0) {
        return status;
    }
    size_t size = protocol->bulk_bytes;
    if (input.size - protocol->at < size + 2) {
        return AISLE_END;
    }
    const uint8_t *end = input.data + protocol->at + size;
    if (end[0] != '\r' || end[1] != '\n') {
        return error_set(error, AISLE_INVALID, "Protocol error: argument %u does not end where its size says",
                         protocol->count + 1);
    }
    status = add_span(protocol, protocol->at, size, error);
    if (status == 0) {
        protocol->at += size + 2;
        protocol->in_bulk = false;
    }
    return status;
}

static int read_array(struct protocol *protocol, struct bytes input, size_t *consumed, aisle_error *error)
{
    if (protocol->expected == 0) {
        int64_t count = 0;
        size_t next = 0;
        int status = read_number(protocol, input, "count of arguments", &count, &next, error);
        if (status != 0) {
            return status;
        }
        if (count > (int64_t)protocol->arguments_max) {
            return error_set(error, AISLE_LIMIT, "Protocol error: a request has at most %u arguments",
                             protocol->arguments_max);
        }
        protocol->at = next;
        if (count <= 0) {
            *consumed = next;
            return 0;
        }
        protocol->expected = (uint32_t)count;
    }
    while (protocol->count < protocol->expected) {
        int status = read_argument(protocol, input, error);
        if (status != 0) {
            return status;
        }
    }
    *consumed = protocol->at;
    return 0;
}

/* ------------------------------------------------------------------------------------------ typed lines -- */

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* The byte that the escape behind the backslash at p stands for; *size: bytes of the escape, backslash included. */
static uint8_t escape_of(const uint8_t *p, const uint8_t *end, size_t *size)
{
    static const char names[] = "nrtba";
    static const char meant[] = "\n\r\t\b\a";
    if (end - p >= 4 && p[1] == 'x' && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0) {
        *size = 4;
        return (uint8_t)(hex_digit(p[2]) << 4 | hex_digit(p[3]));
    }
    *size = 2;
    const char *name = p[1] == '\0' ? NULL : strchr(names, p[1]);
    return name == NULL ? p[1] : (uint8_t)meant[name - names];
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One word at *at, which is no blank; *at goes behind it. */
static int read_word(struct protocol *protocol, const uint8_t **at, const uint8_t *end, aisle_error *error)
{
    size_t start = protocol->words.size;
    const uint8_t *p = *at;
    uint8_t quote = *p == '"' || *p == '\'' ? *p++ : 0;
    bool closed = quote == 0;
    while (p < end) {
        size_t size = 1;
        uint8_t c = *p;
        if (quote == 0 ? is_blank(c) : c == quote) {
            closed = true;
            p += quote != 0;
            break;
        }
        if (quote == '"' && c == '\\' && end - p >= 2) {
            c = escape_of(p, end, &size);
        }
        buf_put_u8(&protocol->words, c);
        p += size;
    }
    if (!closed || (quote != 0 && p < end && !is_blank(*p))) {
        return error_set(error, AISLE_INVALID, "Protocol error: unbalanced quotes in request");
    }
    if (protocol->count >= protocol->arguments_max) {
        return error_set(error, AISLE_LIMIT, "Protocol error: a request has at most %u arguments",
                         protocol->arguments_max);
    }
    *at = p;
    int status = buf_status(&protocol->words);
    return status != 0 ? error_set(error, status, "%s: a request", aisle_error_text(status))
                       : add_span(protocol, start, protocol->words.size - start, error);
}

/* A page that makes a browser post to this port must not have its lines obeyed. */
static bool is_http(struct bytes word)
{
    return bytes_equal(word, bytes_of_string("POST")) || bytes_equal(word, bytes_of_string("Host:"));
}

static int read_line(struct protocol *protocol, struct bytes input, size_t *consumed, aisle_error *error)
{
    size_t max = protocol->bytes_max < LIMIT_SERVER_INLINE_BYTES ? protocol->bytes_max : LIMIT_SERVER_INLINE_BYTES;
    size_t size = input.size < max ? input.size : max;
    const uint8_t *from = input.data + protocol->at;
    const uint8_t *end = protocol->at < size ? memchr(from, '\n', size - protocol->at) : NULL;
    if (end == NULL) {
        protocol->at = size;
        return size < max ? AISLE_END
                          : error_set(error, AISLE_LIMIT, "Protocol error: a line has at most %zu bytes", max);
    }
    protocol->is_line = true;
    int status = 0;
    for (const uint8_t *p = input.data; status == 0 && p < end;) {
        if (is_blank(*p)) {
            p++;
            continue;
        }
        status = read_word(protocol, &p, end, error);
        if (status == 0 && protocol->count == 1 && is_http(protocol_argument(protocol, input, 0))) {
            status = error_set(error, AISLE_INVALID, "Protocol error: this is not an HTTP server");
        }
    }
    *consumed = (size_t)(end - input.data) + 1;
    return status;
}

int protocol_parse(struct protocol *protocol, struct bytes input, size_t *consumed, aisle_error *error)
{
    *consumed = 0;
    if (input.size == 0) {
        return AISLE_END;
    }
    return input.data[0] == '*' ? read_array(protocol, input, consumed, error)
                                : read_line(protocol, input, consumed, error);
}
