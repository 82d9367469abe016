/*
 * facets.h - printing of the facets of an answer.
 */
#ifndef AISLE_CLI_FACETS_H
#define AISLE_CLI_FACETS_H

#include "aisle.h"

/* Prints ,"facets":[...] unless there are none. */
void facets_print_json(const aisle_result *result);

/* Prints each facet with its values, counts and bars for people. */
void facets_print(const aisle_result *result);

#endif
