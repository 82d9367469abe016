/*
 * price.h - price phrases in what a shopper typed: "under $50", "20-40 eur", "between 20 and 40", "over 100".
 *
 *   phrase = below amount | above amount | [ between ] amount join amount | amount behind
 *   amount = [ currency ] number [ currency ]
 *   below  = under, below, less than, cheaper than, up to, max, "<", "<=" (and unter, bis, moins de, menos de, ...)
 *   above  = over, above, more than, at least, from, min, ">", ">=" (and uber, ab, plus de, mas de, ...)
 *   join   = "-", to, and (and bis, und, a, et, y)
 *   behind = or less, and under, or more, and up, max, "+", ...
 *
 * An amount that a unit or another sign follows is none ("under 50 cm"), and a range needs a currency or "between",
 * because "20-40" may be a size. What stands behind an amount needs a currency ("ages 8 and up"), and so do max, min,
 * from and ab, which are in names, too ("air max 90"), and any number behind who has an age ("kids under 5"). A number
 * is read as its words show: of "1,000" and "1.000" the sign separates thousands, of "1,5" and "19.99" the decimals.
 *
 * Private to the module. Thread rule: pure functions.
 */
#ifndef AISLE_REWRITE_PRICE_H
#define AISLE_REWRITE_PRICE_H

#include "base/bytes.h"

#include <stddef.h>

#define PRICE_NUMBER_BYTES 24u

struct price_phrase {
    size_t start; /* bytes start to end - 1 of the text */
    size_t end;
    char low[PRICE_NUMBER_BYTES]; /* digits with at most one point; empty: open */
    char high[PRICE_NUMBER_BYTES];
    bool includes_low;
    bool includes_high;
};

/* The first phrase at or behind from; false: there is none. */
bool price_find(struct bytes text, size_t from, struct price_phrase *out);

#endif
