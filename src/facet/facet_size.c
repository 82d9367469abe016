/*
 * facet_size.c - the order of sizes: garments by their letters, numbers by their value, everything else by its bytes.
 *
 * Letters first (XXS before XS before S before M before L before XL before XXL, 2XL as XXL), then what begins with a
 * number (38 before 38.5 before 40, 64gb before 128gb, 7 uk before 7 us), then the others. "one size" is the first of
 * all. Sizes that are equal so far go by their bytes, so that the order is total.
 *
 * Thread rule: pure functions.
 */
#include "facet/facet_private.h"

#define THOUSANDTHS 1000

enum size_class { SIZE_ONE, SIZE_LETTERS, SIZE_NUMBER, SIZE_OTHER };

struct size {
    enum size_class class;
    int64_t rank; /* letters: from small to large; a number in thousandths */
};

/* x, xx, xxx... or 2x, 3x...: how many; *rest is what is behind. */
static int32_t count_x(struct bytes text, struct bytes *rest)
{
    size_t at = 0;
    int32_t count = 0;
    if (text.size >= 2 && text.data[0] >= '2' && text.data[0] <= '9' && text.data[1] == 'x') {
        *rest = bytes_of(text.data + 2, text.size - 2);
        return text.data[0] - '0';
    }
    while (at < text.size && text.data[at] == 'x') {
        at++;
        count++;
    }
    *rest = bytes_of(text.data + at, text.size - at);
    return count;
}

static bool read_letters(struct bytes text, struct size *out)
{
    static const struct {
        const char *text;
        int64_t rank;
        int64_t step; /* what each x adds */
    } sizes[] = {{"s", -1, -1},      {"m", 0, 0},  {"l", 1, 1},      {"small", -1, -1}, {"-small", -1, -1},
                 {" small", -1, -1}, {"medium", 0, 0}, {"large", 1, 1}, {"-large", 1, 1},  {" large", 1, 1}};
    struct bytes rest;
    int32_t x = count_x(text, &rest);
    if (x == 0 && bytes_begin_with(rest, bytes_of_string("extra"))) {
        x = 1;
        rest = bytes_of(rest.data + strlen("extra"), rest.size - strlen("extra"));
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (bytes_equal(rest, bytes_of_string(sizes[i].text)) && (x == 0 || sizes[i].step != 0)) {
            *out = (struct size){SIZE_LETTERS, sizes[i].rank + sizes[i].step * x};
            return true;
        }
    }
    return false;
}

/* A number with at most three digits behind the point or comma, in thousandths, at the beginning. */
static bool read_number(struct bytes text, struct size *out)
{
    int64_t number = 0;
    size_t at = 0;
    for (; at < text.size && at < 15 && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
        number = number * 10 + (text.data[at] - '0');
    }
    if (at == 0 || (at < text.size && text.data[at] >= '0' && text.data[at] <= '9')) {
        return false;
    }
    number *= THOUSANDTHS;
    if (at + 1 < text.size && (text.data[at] == '.' || text.data[at] == ',')) {
        int64_t unit = THOUSANDTHS / 10;
        for (at++; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++, unit /= 10) {
            number += (text.data[at] - '0') * unit;
        }
    } else if (at + 4 <= text.size && memcmp(text.data + at, " 1/2", 4) == 0) {
        number += THOUSANDTHS / 2;
    }
    *out = (struct size){SIZE_NUMBER, number};
    return true;
}

static struct size size_of(struct bytes text)
{
    struct size size = {SIZE_OTHER, 0};
    if (bytes_equal(text, bytes_of_string("one size"))) {
        size.class = SIZE_ONE;
    } else if (!read_letters(text, &size)) {
        (void)read_number(text, &size);
    }
    return size;
}

int facet_compare_sizes(struct bytes a, struct bytes b)
{
    struct size x = size_of(a);
    struct size y = size_of(b);
    if (x.class != y.class) {
        return x.class < y.class ? -1 : 1;
    }
    if (x.rank != y.rank) {
        return x.rank < y.rank ? -1 : 1;
    }
    return bytes_compare(a, b);
}
