/*
 * words.h - how aisle search shows what was done with the words of a query.
 *
 * Thread rule: the program's main thread.
 */
#ifndef AISLE_CLI_WORDS_H
#define AISLE_CLI_WORDS_H

#include "aisle.h"

/* Reads "all", "relaxed" or "any"; NULL is all. false: none of them. */
bool words_match(const char *text, int *match);

/* Members of a JSON object, each with a comma behind, if there are any: corrected, words, understood, relaxed. */
void words_print_json(const aisle_result *result);

/* Lines for people. */
void words_print(const aisle_result *result);

#endif
