/*
 * query_options.h - a query as the caller gave it, and whether its members go together.
 *
 * Private to index/. Thread rule: none, it keeps nothing.
 */
#ifndef AISLE_INDEX_QUERY_OPTIONS_H
#define AISLE_INDEX_QUERY_OPTIONS_H

#include "aisle.h"

#include "base/status.h"

/*
 * Copies as much of the caller's query as it has; zeros stand for the rest. AISLE_INVALID for another size, and for a
 * member that another one leaves without effect, which the message begins with; AISLE_LIMIT for pages too far.
 */
must_check int query_options_take(const aisle_query *given, aisle_query *query, aisle_error *error);

#endif
