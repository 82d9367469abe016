/*
 * field_value.h - what a product's JSON holds in a field, in the forms that filters, facets and sorting compare.
 *
 * Private to tests/oracle. Thread rule: pure functions.
 */
#ifndef ORACLE_FIELD_VALUE_H
#define ORACLE_FIELD_VALUE_H

#include "oracle/inside.h"

/* A number or bool in thousandths; no random shop writes more digits. */
int64_t field_thousandths(yajl_val value);

/* The same of a number's text. */
int64_t field_thousandths_of_text(const char *text);

/* How many strings or levels a value has, and one of them. */
size_t field_strings(yajl_val value);
const char *field_string(yajl_val value, size_t i);

/* oracle_fold, remembered until field_forget: evaluators ask of the same few texts again and again. */
const char *field_fold(const char *text, size_t size);
void field_forget(void);

/* A path's levels, folded, with \x01 between them. */
const char *field_path(struct pool *pool, yajl_val value);

#endif
