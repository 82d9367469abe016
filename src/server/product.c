/*
 * product.c - walking over a product's members.
 *
 * Does not check JSON; whatever the bytes are, it stays within them.
 */
#include "server/product.h"

#include "base/utf8.h"

static size_t skip_blanks(struct bytes text, size_t at)
{
    while (at < text.size && (text.data[at] == ' ' || text.data[at] == '\t' || text.data[at] == '\r' ||
                              text.data[at] == '\n')) {
        at++;
    }
    return at;
}

/* Behind the string that begins with the quote at `at`. */
static size_t skip_string(struct bytes text, size_t at)
{
    for (at++; at < text.size && text.data[at] != '"'; at++) {
        at += text.data[at] == '\\';
    }
    return at < text.size ? at + 1 : text.size;
}

/* Behind the value at `at`. */
static size_t skip_value(struct bytes text, size_t at)
{
    size_t depth = 0;
    while (at < text.size) {
        uint8_t c = text.data[at];
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            break;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    }
    return at;
}

struct product_reader product_read(struct bytes product)
{
    size_t at = skip_blanks(product, 0);
    return (struct product_reader){.text = product, .at = at < product.size ? at + 1 : at};
}

bool product_next(struct product_reader *reader, struct product_member *member)
{
    struct bytes text = reader->text;
    size_t at = skip_blanks(text, reader->at);
    if (at < text.size && text.data[at] == ',') {
        at = skip_blanks(text, at + 1);
    }
    if (at >= text.size || text.data[at] != '"') {
        return false;
    }
    size_t name = at + 1;
    at = skip_string(text, at);
    member->name = bytes_of(text.data + name, at > name ? at - 1 - name : 0);
    at = skip_blanks(text, at);
    at = skip_blanks(text, at < text.size ? at + 1 : at); /* the colon */
    size_t value = at;
    at = skip_value(text, at);
    reader->at = at;
    while (at > value && (text.data[at - 1] == ' ' || text.data[at - 1] == '\t' || text.data[at - 1] == '\r' ||
                          text.data[at - 1] == '\n')) {
        at--;
    }
    member->value = bytes_of(text.data + value, at - value);
    return true;
}

bool product_find(struct bytes product, struct bytes name, struct bytes *value)
{
    struct product_reader reader = product_read(product);
    struct product_member member;
    while (product_next(&reader, &member)) {
        if (bytes_equal(member.name, name)) {
            *value = member.value;
            return true;
        }
    }
    return false;
}

void product_cut(struct bytes product, const struct bytes *names, uint32_t count, struct buf *out)
{
    bool any = false;
    buf_put_u8(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        struct bytes value;
        if (!product_find(product, names[i], &value)) {
            continue;
        }
        buf_put(out, any ? ",\"" : "\"", any ? 2 : 1);
        buf_put(out, names[i].data, names[i].size);
        buf_put(out, "\":", 2);
        buf_put(out, value.data, value.size);
        any = true;
    }
    buf_put_u8(out, '}');
}

static uint32_t hex_of(struct bytes text, size_t at)
{
    uint32_t value = 0;
    for (size_t i = at; i < at + 4 && i < text.size; i++) {
        uint8_t c = text.data[i];
        value = value << 4 | ((c <= '9' ? (uint32_t)c - '0' : (uint32_t)(c | 0x20) - 'a' + 10) & 15);
    }
    return value;
}

/* Appends what the escape at `at`, a backslash, stands for; returns what is behind it. */
static size_t put_escape(struct bytes text, size_t at, struct buf *out)
{
    static const char names[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    if (at + 1 >= text.size) {
        return text.size;
    }
    uint8_t c = text.data[at + 1];
    if (c != 'u') {
        const char *name = c == '\0' ? NULL : strchr(names, c);
        buf_put_u8(out, name == NULL ? c : (uint8_t)meant[name - names]);
        return at + 2;
    }
    uint32_t code = hex_of(text, at + 2);
    at += 6;
    if (code >= 0xd800 && code < 0xdc00) {
        code = 0x10000 + ((code - 0xd800) << 10) + ((hex_of(text, at + 2) - 0xdc00) & 0x3ff);
        at += 6;
    }
    uint8_t utf8[UTF8_BYTES_MAX];
    buf_put(out, utf8, utf8_encode(utf8, code));
    return at;
}

void product_plain(struct bytes value, struct buf *out)
{
    if (value.size < 2 || value.data[0] != '"') {
        buf_put(out, value.data, value.size);
        return;
    }
    struct bytes text = bytes_of(value.data, value.size - 1);
    size_t at = 1;
    while (at < text.size) {
        const uint8_t *from = text.data + at;
        const uint8_t *escape = memchr(from, '\\', text.size - at);
        size_t plain = escape == NULL ? text.size - at : (size_t)(escape - from);
        buf_put(out, from, plain);
        at += plain;
        if (escape != NULL) {
            at = put_escape(text, at, out);
        }
    }
}
