/*
 * token.c - tokens that cancel searches: one flag each.
 *
 * Thread rule: cancel from any thread; free once nobody has it.
 */
#include "index/token.h"

#include "base/alloc.h"
#include "base/status.h"

int aisle_token_new(aisle_token **out)
{
    *out = mem_calloc(1, sizeof **out);
    return *out == NULL ? AISLE_NO_MEMORY : 0;
}

void aisle_token_cancel(aisle_token *token)
{
    atomic_store_explicit(&token->is_cancelled, true, memory_order_relaxed);
}

void aisle_token_free(aisle_token *token)
{
    mem_free(token);
}
