/*
 * sequence.c - comparing, numbering and judging sequences.
 */
#include "indexer/sequence.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define DENSE_STEPS 100u
#define BASE_BYTES_MAX (SEQUENCE_BYTES - 21u) /* behind it stand a slash and up to 20 digits */

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int value_of(char c)
{
    return c <= '9' ? c - '0' : (c & ~0x20) - 'A' + 10;
}

/* The next number of *text, without leading zeros; *text moves behind it. False at the end. */
static bool next_number(const char **text, const char **number, size_t *size)
{
    const char *p = *text;
    while (*p != '\0' && !is_digit(*p)) {
        p++;
    }
    bool any = *p != '\0';
    while (*p == '0' && is_digit(p[1])) {
        p++;
    }
    *number = p;
    while (is_digit(*p)) {
        p++;
    }
    *size = (size_t)(p - *number);
    *text = p;
    return any;
}

int sequence_compare(const char *a, const char *b)
{
    for (;;) {
        const char *x;
        const char *y;
        size_t x_size;
        size_t y_size;
        bool more_a = next_number(&a, &x, &x_size);
        bool more_b = next_number(&b, &y, &y_size);
        if (!more_a || !more_b) {
            return more_a - more_b;
        }
        if (x_size != y_size) {
            return x_size < y_size ? -1 : 1;
        }
        for (size_t i = 0; i < x_size; i++) {
            if (value_of(x[i]) != value_of(y[i])) {
                return value_of(x[i]) - value_of(y[i]);
            }
        }
    }
}

/* Whether text is one whole number in decimal, of at most 18 digits. */
static bool whole_number(const char *text, uint64_t *value)
{
    size_t size = strspn(text, "0123456789");
    *value = size > 0 && size <= 18 && text[size] == '\0' ? strtoull(text, NULL, 10) : 0;
    return *value != 0;
}

bool sequence_take(struct sequence *sequence, const char *seq)
{
    uint64_t before;
    uint64_t now;
    if (seq[0] == '\0') {
        return true;
    }
    if (sequence->high[0] != '\0' && sequence_compare(seq, sequence->high) <= 0) {
        sequence->repeats++;
        return false;
    }
    if (whole_number(sequence->high, &before) && whole_number(seq, &now)) {
        sequence->steps++;
        sequence->jumps += now != before + 1;
        sequence->missing += now - before - 1;
    }
    snprintf(sequence->high, sizeof sequence->high, "%s", seq);
    return true;
}

bool sequence_has_passed(const struct sequence *sequence, const char *seq)
{
    return seq[0] != '\0' && sequence->high[0] != '\0' && sequence_compare(sequence->high, seq) > 0;
}

void sequence_resume(struct sequence *sequence, const char *seq)
{
    snprintf(sequence->high, sizeof sequence->high, "%s", seq);
    const char *slash = strrchr(seq, '/');
    uint64_t ordinal = slash == NULL ? 0 : strtoull(slash + 1, NULL, 10);
    sequence_begin(sequence, bytes_of(seq, slash == NULL ? 0 : (size_t)(slash - seq)));
    sequence->ordinal = ordinal + 1;
}

void sequence_begin(struct sequence *sequence, struct bytes base)
{
    size_t size = base.size <= BASE_BYTES_MAX ? base.size : 0;
    if (size > 0) {
        memcpy(sequence->base, base.data, size);
    }
    sequence->base[size] = '\0';
    sequence->ordinal = 0;
}

void sequence_next(struct sequence *sequence, char out[SEQUENCE_BYTES + 1])
{
    out[0] = '\0';
    if (sequence->base[0] != '\0') {
        snprintf(out, SEQUENCE_BYTES + 1, "%.42s/%llu", sequence->base, (unsigned long long)sequence->ordinal++);
    }
}

void sequence_end_of(struct bytes base, char out[SEQUENCE_BYTES + 1])
{
    bool usable = base.size > 0 && base.size <= BASE_BYTES_MAX;
    out[0] = '\0';
    if (usable) {
        snprintf(out, SEQUENCE_BYTES + 1, "%.*s/%llu", (int)base.size, (const char *)base.data, ULLONG_MAX);
    }
}

uint64_t sequence_gaps(const struct sequence *sequence)
{
    return sequence->jumps * DENSE_STEPS <= sequence->steps ? sequence->missing : 0;
}
