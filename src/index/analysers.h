/*
 * analysers.h - analysers for a catalog's texts, with its schema's exceptions to stemming.
 *
 * Thread rule: any thread.
 */
#ifndef AISLE_INDEX_ANALYSERS_H
#define AISLE_INDEX_ANALYSERS_H

#include "schema/schema.h"
#include "text/text.h"

/* A new analyser in *out, freed with analyser_free; schema is not needed any longer. AISLE_NO_MEMORY, *out is NULL. */
must_check int analysers_new(const struct schema *schema, struct analyser **out);

#endif
