/*
 * filter_ask.c - a filter asked about single documents, and about words of bits that are no whole window.
 */
#include "query/filter.h"

#include "base/bitset.h"

#define TESTS_MAX 12u /* of a window, before its bits are made: about what these cost */
#define WINDOW_WORDS (FILTER_WINDOW / 64u)
#define NO_WINDOW UINT32_MAX

void filter_asked_init(struct filter_asked *asked, struct filter *filter)
{
    asked->filter = filter;
    asked->window = NO_WINDOW;
    asked->tests = 0;
    asked->has_bits = false;
    asked->status = 0;
}

static void enter_window(struct filter_asked *asked, uint32_t document)
{
    uint32_t window = document - document % FILTER_WINDOW;
    if (window != asked->window) {
        asked->window = window;
        asked->tests = 0;
        asked->has_bits = false;
    }
}

const uint64_t *filter_asked_bits(struct filter_asked *asked, uint32_t document)
{
    enter_window(asked, document);
    if (!asked->has_bits) {
        int status = filter_fill(asked->filter, asked->window, asked->bits);
        asked->status = asked->status == 0 ? status : asked->status;
        asked->has_bits = true;
    }
    return asked->bits;
}

bool filter_asks(struct filter_asked *asked, uint32_t document)
{
    bool matches = false;
    enter_window(asked, document);
    if (asked->has_bits || asked->tests++ >= TESTS_MAX) {
        return bitset_get(filter_asked_bits(asked, document), document - asked->window) && asked->status == 0;
    }
    int status = filter_test(asked->filter, document, &matches);
    asked->status = asked->status == 0 ? status : asked->status;
    return matches && asked->status == 0;
}

int filter_keep_words(struct filter *filter, uint32_t from, uint64_t *bits, size_t words)
{
    int status = 0;
    for (size_t done = 0; done < words && status == 0;) {
        uint64_t window[WINDOW_WORDS] = {0};
        size_t skipped = (from / 64 + done) % WINDOW_WORDS;
        size_t taken = WINDOW_WORDS - skipped < words - done ? WINDOW_WORDS - skipped : words - done;
        memcpy(window + skipped, bits + done, taken * sizeof *bits);
        status = filter_keep(filter, from + (uint32_t)(done - skipped) * 64, window);
        memcpy(bits + done, window + skipped, taken * sizeof *bits);
        done += taken;
    }
    return status;
}
