/*
 * analysers.c - from a schema's exceptions to an analyser's. Thread rule: any thread.
 */
#include "index/analysers.h"

#include "base/alloc.h"

static int set_exceptions(struct analyser *analyser, const struct schema *schema)
{
    struct stem_exception *exceptions = mem_alloc(schema->stem_count * sizeof *exceptions);
    if (exceptions == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < schema->stem_count; i++) {
        exceptions[i] = (struct stem_exception){schema->stems[i].word, schema->stems[i].stem};
    }
    int status = analyser_set_exceptions(analyser, exceptions, schema->stem_count);
    mem_free(exceptions);
    return status;
}

int analysers_new(const struct schema *schema, struct analyser **out)
{
    int status = analyser_new(out);
    if (status == 0 && schema->stem_count != 0) {
        status = set_exceptions(*out, schema);
    }
    if (status != 0) {
        analyser_free(*out);
        *out = NULL;
    }
    return status;
}
