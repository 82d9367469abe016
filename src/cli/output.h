/*
 * output.h - printing of results, and of progress.
 *
 * Results go to standard output, progress to standard error: a bar that redraws itself on a terminal, a line every few
 * seconds elsewhere.
 */
#ifndef AISLE_CLI_OUTPUT_H
#define AISLE_CLI_OUTPUT_H

#include "aisle.h"

#include <stdbool.h>

/* Prints text as a JSON string with its quotes; it is UTF-8. */
void output_json_string(aisle_bytes text);
void output_json_text(const char *text);

/*
 * Finds the member of this name at the top of the product, a valid JSON object: *value is its JSON text, in the
 * product's own bytes. False when there is none.
 */
bool output_find(aisle_bytes product, const char *name, aisle_bytes *value);

/*
 * Prints the string or number that the product, a valid JSON object, has under this name at its top, unescaped and
 * with control characters as spaces. Nothing, and false, when it has none; before goes first.
 */
bool output_member(aisle_bytes product, const char *name, const char *before);

/* "1,234,567" in a buffer that is the caller's. */
#define OUTPUT_NUMBER_BYTES 28u
const char *output_number(uint64_t number, char text[OUTPUT_NUMBER_BYTES]);

struct progress {
    bool is_terminal;
    bool is_shown;       /* a bar that must be wiped */
    uint64_t start_ns;
    uint64_t printed_ns; /* when the last line or bar was */
};

void progress_start(struct progress *progress);

/* Says how far the work is: done of total (0: unknown) in any unit, and count things called unit so far. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total, uint64_t count, const char *unit);

/* Wipes the bar. */
void progress_end(struct progress *progress);

#endif
