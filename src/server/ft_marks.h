/*
 * ft_marks.h - HIGHLIGHT and SUMMARIZE of FT.SEARCH: which fields of a hit are shown with marks, or as a snippet.
 *
 * HIGHLIGHT [FIELDS n field ...] [TAGS before after], SUMMARIZE [FIELDS n field ...] [FRAGS 1] [LEN words]: a hit's
 * snippet is one, where most of the query stands. Without FIELDS they are of the texts that are returned. Thread rule:
 * a pool thread's.
 */
#ifndef AISLE_SERVER_FT_MARKS_H
#define AISLE_SERVER_FT_MARKS_H

#include "server/search.h"

struct ft_marks {
    const struct bytes *fields; /* that FIELDS named; NULL: none was given */
    uint32_t field_count;
    bool has_highlight, has_summary;
    const char *before, *after; /* marks */
    uint32_t words;             /* of a snippet */
};

/* Reads what stands behind the word HIGHLIGHT or SUMMARIZE. AISLE_INVALID with the place, AISLE_NO_MEMORY. */
must_check int ft_marks_take(struct ft_marks *marks, struct arguments *arguments, bool is_summary,
                             struct arena *arena, aisle_error *error);

/*
 * Asks for them in the search, whose catalog is set; `returned` are the fields of its answer (NULL: all). AISLE_LIMIT,
 * AISLE_NO_MEMORY; AISLE_INVALID for a field that cannot be named.
 */
must_check int ft_marks_set(const struct ft_marks *marks, const struct bytes *returned, uint32_t returned_count,
                            struct arena *arena, struct search *search, aisle_error *error);

/* The field's text in a hit with its marks; false: the field is shown as it is. */
bool ft_marks_find(const struct search *search, const aisle_result *result, size_t hit, struct bytes field,
                   struct bytes *text);

#endif
