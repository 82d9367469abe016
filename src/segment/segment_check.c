/*
 * segment_check.c - everything that can be verified about one segment: checksums of all extents first, then the
 * structures inside, and that they agree with each other and with the manifest.
 */
#include "segment/prefixes.h"
#include "segment/segment_private.h"

#include "schema/variant.h"

#include <stdarg.h>
#include <stdio.h>

struct check {
    const struct segment *segment;
    aisle_check_report *report;
    void *context;
    uint64_t faults;
    int status; /* AISLE_NO_MEMORY: says nothing about the segment, and ends the walk */
};

static void fault(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct check *check, const char *format, ...)
{
    char text[320];
    va_list arguments;
    int prefix = snprintf(text, sizeof text, "segment %u: ", check->segment->info.id);
    va_start(arguments, format);
    vsnprintf(text + prefix, sizeof text - (size_t)prefix, format, arguments);
    va_end(arguments);
    check->faults++;
    check->report(check->context, text);
}

static void check_extents(struct check *check)
{
    for (unsigned component = 0; component < COMPONENT_COUNT; component++) {
        const struct extent_view *view = &check->segment->views[component];
        for (uint32_t i = 0; i < view->extent_count; i++) {
            uint64_t offset = 0;
            if (extent_view_check(view, i, &offset) != 0) {
                fault(check, "component %u, extent %u: checksum mismatch at offset %llu", component, i,
                      (unsigned long long)offset);
            }
        }
    }
}

static void check_result(struct check *check, const char *what, int status, const aisle_error *error)
{
    if (status != 0) {
        fault(check, "%s: %s", what, error->message);
    }
}

/* Whether every code of a column means values of its dictionary. */
static void check_codes(struct check *check, uint8_t field)
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    const struct column_reader *column = &check->segment->column[field];
    for (uint32_t page_index = 0; page_index < column->page_count; page_index++) {
        struct bytes page;
        uint32_t count = 0;
        int status = column_page(column, page_index, &page);
        status = status == 0 ? column_page_decode(page, codes, &count) : status;
        for (uint32_t i = 0; i < count && status == 0; i++) {
            struct values_of_code walk;
            uint32_t ordinal;
            if (codes[i] == COLUMN_MISSING) {
                continue;
            }
            status = values_of_code_init(&walk, &check->segment->values[field], codes[i]);
            while (status == 0) {
                status = values_of_code_next(&walk, &ordinal);
            }
            status = status == AISLE_END ? 0 : status;
        }
        if (status != 0) {
            fault(check, "values: page %u of field %u has a code of no value", page_index, field);
        }
    }
}

static void check_variants(struct check *check, uint8_t field)
{
    struct values_cursor cursor;
    int status = values_seek(&cursor, &check->segment->values[field], 0);
    while (status == 0) {
        if (variant_check(cursor.folded) != 0) {
            fault(check, "values: value %u of field %u is no variant", cursor.ordinal, field);
        }
        status = values_next(&cursor);
    }
}

static void check_structures(struct check *check)
{
    const struct segment *segment = check->segment;
    aisle_error error;
    check_result(check, "terms", terms_check(&segment->terms, &error), &error);
    check_result(check, "ids", ids_check(&segment->ids, &error), &error);
    check_result(check, "stored products", documents_check(&segment->documents, &error), &error);
    check_result(check, "order keys", column_check(&segment->order, &error), &error);
    for (uint8_t i = 0; i < segment->columns.count; i++) {
        uint8_t field = segment->columns.field[i];
        check_result(check, "column", column_check(&segment->column[field], &error), &error);
        if (segment->columns.values[i] && check->faults == 0) {
            check_result(check, "values", values_check(&segment->values[field], &error), &error);
            check_codes(check, field);
            if (segment->columns.variants[i]) {
                check_variants(check, field);
            }
        }
    }
}

static void check_lists(struct check *check)
{
    const struct segment *segment = check->segment;
    const struct extent_view *positions = &segment->views[COMPONENT_POSITIONS];
    struct terms_cursor cursor;
    uint64_t postings = 0;
    uint64_t terms = 0;
    int status = terms_cursor_seek(&cursor, &segment->terms, bytes_of(NULL, 0));
    while (status == 0 && check->status == 0) {
        struct segment_list list;
        aisle_error error = {.code = 0};
        int bad = segment_list_decode(cursor.value, &list);
        if (bad == 0) {
            bad = postings_check(&segment->postings, &list.postings, &error);
            postings += list.postings.count;
        }
        if (bad == 0) {
            bad = positions_check(positions, &list.positions, list.postings.count, &error);
        }
        if (bad == AISLE_NO_MEMORY) {
            check->status = bad;
        } else if (bad != 0) {
            fault(check, "postings of \"%.*s\": %s", (int)cursor.term.size, (const char *)cursor.term.data,
                  error.code != 0 ? error.message : aisle_error_text(bad));
        }
        terms++;
        status = terms_cursor_next(&cursor);
    }
    if (check->status == 0 && (postings != segment->info.postings || terms != segment->info.terms)) {
        fault(check, "%llu postings of %llu terms, but the manifest says %llu of %llu", (unsigned long long)postings,
              (unsigned long long)terms, (unsigned long long)segment->info.postings,
              (unsigned long long)segment->info.terms);
    }
}

/* ---- lists of what begins alike: made anew from those of the terms ---- */

struct prefix_check {
    struct check *check;
    struct prefixes prefixes;
    struct segment_prefix stored;
    struct postings_cursor cursor; /* of the stored list that is compared */
    uint64_t lists;
    uint64_t words;
    uint64_t words_found;
    uint64_t totals; /* that may be kept */
    uint64_t totals_found;
    bool is_alike; /* so far */
};

static int check_word(void *context, struct bytes term)
{
    struct prefix_check *self = context;
    uint8_t key[1 + PREFIX_WORD_BYTES_MAX] = {PREFIX_WORD_MARK};
    struct bytes value;
    memcpy(key + 1, term.data, term.size);
    int status = terms_find(&self->check->segment->prefixes, bytes_of(key, 1 + term.size), &value);
    self->words++;
    self->words_found += status == 0 && value.size == 0 ? 1 : 0;
    return 0;
}

static int begin_prefix(void *context, struct bytes prefix)
{
    struct prefix_check *self = context;
    const struct segment *segment = self->check->segment;
    int status = segment_prefix_find(segment, prefix, &self->stored);
    if (status == 0) {
        status = postings_check(&segment->postings, &self->stored.postings, NULL);
    }
    if (status == 0) {
        status = postings_cursor_open(&self->cursor, &segment->postings, &self->stored.postings);
    }
    self->lists += status == AISLE_END ? 0 : 1;
    self->is_alike = status == 0;
    return 0;
}

static int compare_postings(void *context, const uint32_t *documents, const uint8_t *codes, size_t count)
{
    struct prefix_check *self = context;
    for (size_t i = 0; i < count && self->is_alike; i++) {
        self->is_alike = postings_cursor_document(&self->cursor) == documents[i] &&
                         postings_cursor_code(&self->cursor) == codes[i];
        (void)postings_cursor_next(&self->cursor);
    }
    return 0;
}

static int end_prefix(void *context, struct bytes prefix, uint64_t df_sum, uint64_t total)
{
    struct prefix_check *self = context;
    self->totals += total != 0 ? 1 : 0;
    self->totals_found += self->is_alike && self->stored.total != 0 ? 1 : 0;
    if (!self->is_alike || (self->stored.total != 0 && self->stored.total != total) || self->stored.df_sum != df_sum ||
        postings_cursor_document(&self->cursor) != POSTINGS_END) {
        fault(self->check, "the list of what begins with \"%.*s\" is not that of its terms", (int)prefix.size,
              (const char *)prefix.data);
    }
    return 0;
}

static int pour_term(struct prefix_check *self, const struct terms_cursor *terms)
{
    const struct segment *segment = self->check->segment;
    struct segment_list list;
    const uint32_t *documents;
    const uint8_t *codes;
    size_t count;
    int status = prefixes_next(&self->prefixes, terms->term);
    status = status == 0 ? segment_list_decode(terms->value, &list) : status;
    status = status == 0 ? postings_cursor_open(&self->cursor, &segment->postings, &list.postings) : status;
    while (status == 0 &&
           (count = postings_cursor_batch(&self->cursor, POSTINGS_END - 1, &documents, &codes)) != 0) {
        prefixes_add(&self->prefixes, documents, codes, count);
    }
    return status != 0 ? status : postings_cursor_status(&self->cursor);
}

/* The lists of the terms have been checked. */
static void check_prefixes(struct check *check)
{
    const struct segment *segment = check->segment;
    struct prefix_check self = {.check = check};
    const struct prefixes_sink sink = {check_word, begin_prefix, compare_postings, end_prefix, &self};
    struct terms_cursor terms;
    aisle_error error;
    check->status = prefixes_init(&self.prefixes, segment->info.documents, &sink);
    if (check->status == 0 && terms_count(&segment->prefixes) != 0) {
        check_result(check, "prefixes", terms_check(&segment->prefixes, &error), &error);
    }
    int status = check->status != 0 || self.prefixes.documents == 0
                     ? AISLE_END
                     : terms_cursor_seek(&terms, &segment->terms, bytes_of(NULL, 0));
    while (status == 0 && check->faults == 0) {
        status = pour_term(&self, &terms);
        status = status == 0 ? terms_cursor_next(&terms) : status;
    }
    if (check->status == 0 && check->faults == 0) {
        status = status == AISLE_END ? prefixes_finish(&self.prefixes) : status;
        uint64_t entries = self.lists == 0 ? 0 : self.lists + self.words + self.totals_found;
        bool has_totals = self.totals_found == 0 || self.totals_found == self.totals;
        if (!has_totals || status != 0 || entries != terms_count(&segment->prefixes) ||
            (entries != 0 && self.words_found != self.words)) {
            fault(check, "there are %llu prefixes and frequent terms in place of %llu",
                  (unsigned long long)terms_count(&segment->prefixes), (unsigned long long)entries);
        }
    }
    prefixes_release(&self.prefixes);
}

int segment_check(const struct segment *segment, aisle_check_report *report, void *context, uint64_t *faults)
{
    struct check check = {.segment = segment, .report = report, .context = context};
    check_extents(&check);
    if (check.faults == 0) {
        check_structures(&check);
    }
    if (check.faults == 0) {
        check_lists(&check);
    }
    if (check.faults == 0 && check.status == 0) {
        check_prefixes(&check);
    }
    *faults += check.faults;
    return check.status;
}
