/*
 * token.h - a word from another thread that a search is not wanted any more.
 */
#ifndef AISLE_INDEX_TOKEN_H
#define AISLE_INDEX_TOKEN_H

#include "aisle.h"

#include <stdatomic.h>

struct aisle_token {
    atomic_bool is_cancelled;
};

#endif
