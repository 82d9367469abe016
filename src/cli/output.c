/*
 * output.c - JSON strings, members of products for people, grouped numbers, the progress bar.
 */
#include "cli/output.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR_NS UINT64_C(200000000)
#define LINE_NS UINT64_C(5000000000)
#define BAR_CELLS 24u

void output_json_string(aisle_bytes text)
{
    putchar('"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 0x20) {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

void output_json_text(const char *text)
{
    output_json_string((aisle_bytes){text, strlen(text)});
}

/* Behind the string that begins with the quote at p. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        p += *p == '\\';
    }
    return p < end ? p + 1 : end;
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && memchr(" \t\r\n", *p, 4) != NULL) {
        p++;
    }
    return p;
}

/* Behind the value at p. */
static const char *skip_value(const char *p, const char *end)
{
    int depth = 0;
    do {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        if (depth == 0 && (*p == ',' || *p == '}')) {
            break;
        }
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        p++;
    } while (p < end);
    return p;
}

static unsigned hex_of(const char *p, const char *end)
{
    unsigned value = 0;
    for (int i = 0; i < 4 && p < end; i++, p++) {
        unsigned digit = *p <= '9' ? (unsigned)(*p - '0') : (unsigned)((*p | 0x20) - 'a') + 10;
        value = value << 4 | (digit & 15);
    }
    return value;
}

/* Prints the escape at p (behind the backslash) and returns what is behind it. */
static const char *print_escape(const char *p, const char *end)
{
    if (p == end || *p != 'u') {
        putchar(p < end && memchr("\"\\/", *p, 3) != NULL ? *p : ' ');
        return p < end ? p + 1 : end;
    }
    uint32_t code = hex_of(p + 1, end);
    p += 5;
    if (code >= 0xd800 && code < 0xdc00 && end - p >= 6) {
        code = 0x10000 + ((code - 0xd800) << 10) + ((hex_of(p + 2, end) - 0xdc00) & 0x3ff);
        p += 6;
    }
    uint8_t text[UTF8_BYTES_MAX];
    fwrite(text, 1, utf8_encode(text, code < 0x20 ? ' ' : code), stdout);
    return p < end ? p : end;
}

static void print_value(const char *p, const char *end)
{
    if (*p != '"') {
        fwrite(p, 1, (size_t)(end - p), stdout);
        return;
    }
    for (p++, end--; p < end;) {
        if (*p == '\\') {
            p = print_escape(p + 1, end);
        } else {
            putchar(*p++);
        }
    }
}

bool output_find(aisle_bytes product, const char *name, aisle_bytes *out)
{
    const char *end = product.data + product.size;
    const char *p = skip_space(product.data, end);
    size_t size = strlen(name);
    while (p < end && *p != '"') {
        p++; /* the opening brace */
    }
    while (p < end && *p == '"') {
        const char *key = p + 1;
        p = skip_string(p, end);
        bool found = (size_t)(p - 1 - key) == size && memcmp(key, name, size) == 0;
        p = skip_space(p, end);
        p = skip_space(p + (p < end), end); /* the colon */
        const char *value = p;
        if (p == end) {
            return false;
        }
        p = skip_value(p, end);
        if (found) {
            while (p > value && memchr(" \t\r\n", p[-1], 4) != NULL) {
                p--;
            }
            *out = (aisle_bytes){value, (size_t)(p - value)};
            return true;
        }
        p = skip_space(p + (p < end), end); /* the comma or brace */
    }
    return false;
}

bool output_member(aisle_bytes product, const char *name, const char *before)
{
    aisle_bytes value;
    if (!output_find(product, name, &value) || value.size == 0) {
        return false;
    }
    char first = value.data[0];
    bool is_shown = first == '"' || first == '-' || (first >= '0' && first <= '9');
    if (is_shown) {
        printf("%s", before);
        print_value(value.data, value.data + value.size);
    }
    return is_shown;
}

const char *output_number(uint64_t number, char text[OUTPUT_NUMBER_BYTES])
{
    char *p = text + OUTPUT_NUMBER_BYTES - 1;
    *p = '\0';
    for (unsigned digits = 0; digits == 0 || number != 0; digits++) {
        if (digits != 0 && digits % 3 == 0) {
            *--p = ',';
        }
        *--p = (char)('0' + number % 10);
        number /= 10;
    }
    return p;
}

void progress_start(struct progress *progress)
{
    uint64_t now = clock_monotonic_ns();
    *progress = (struct progress){.is_terminal = isatty(STDERR_FILENO) != 0, .start_ns = now, .printed_ns = now};
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total, uint64_t count, const char *unit)
{
    uint64_t now = clock_monotonic_ns();
    if (now - progress->printed_ns < (progress->is_terminal ? BAR_NS : LINE_NS)) {
        return;
    }
    progress->printed_ns = now;
    double seconds = (double)(now - progress->start_ns) / 1e9;
    double part = total == 0 ? 0 : (double)done / (double)total;
    part = part > 1 ? 1 : part;
    char number[OUTPUT_NUMBER_BYTES];
    char rate[OUTPUT_NUMBER_BYTES];
    char left[48] = "";
    if (part > 0) {
        snprintf(left, sizeof left, ", %3.0f%%, %.0f s left", part * 100, seconds / part - seconds);
    }
    const char *shown = output_number(count, number);
    const char *speed = output_number((uint64_t)((double)count / seconds), rate);
    if (!progress->is_terminal) {
        fprintf(stderr, "%s %s, %s/s%s\n", shown, unit, speed, left);
        return;
    }
    char bar[BAR_CELLS + 1];
    for (unsigned i = 0; i < BAR_CELLS; i++) {
        bar[i] = (double)i < part * BAR_CELLS ? '#' : '.';
    }
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r[%s] %s %s, %s/s%s\033[K", bar, shown, unit, speed, left);
    progress->is_shown = true;
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown) {
        fprintf(stderr, "\r\033[K");
        progress->is_shown = false;
    }
}
