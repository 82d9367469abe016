/*
 * ft_marks.c - reading HIGHLIGHT and SUMMARIZE, and asking a search for what they say.
 *
 * Does not mark (the library does) and does not answer (ft.c).
 */
#include "server/ft_marks.h"

#include "server/command.h"
#include "server/ft.h"
#include "server/product.h"

#define MARK_BEFORE "<b>" /* both as there */
#define MARK_AFTER "</b>"
#define SNIPPET_WORDS 20u

/* Whether the next argument is the word; it is taken then. */
static bool take_word(struct arguments *arguments, const char *word)
{
    bool found = arguments_left(arguments) && command_word(arguments->items[arguments->at], word);
    arguments->at += found;
    return found;
}

static bool same_fields(const struct bytes *a, uint32_t a_count, const struct bytes *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++) {
        same = bytes_equal(a[i], b[i]);
    }
    return same;
}

static int take_fields(struct ft_marks *marks, struct arguments *arguments, aisle_error *error)
{
    bool is_second = marks->has_highlight && marks->has_summary;
    const struct bytes *fields = NULL;
    uint32_t count = 0;
    int status = 0;
    if (take_word(arguments, "FIELDS")) {
        status = arguments_list(arguments, "the count behind FIELDS", &fields, &count, error);
    }
    if (status == 0 && is_second && !same_fields(fields, count, marks->fields, marks->field_count)) {
        return error_set(error, AISLE_INVALID, "HIGHLIGHT and SUMMARIZE are supported of the same fields only");
    }
    marks->fields = fields;
    marks->field_count = count;
    return status;
}

static int take_summary(struct ft_marks *marks, struct arguments *arguments, aisle_error *error)
{
    uint64_t frags = 0;
    uint64_t words = SNIPPET_WORDS;
    int status = 0;
    while (status == 0 && arguments_left(arguments)) {
        if (take_word(arguments, "FRAGS")) {
            status = arguments_number(arguments, "the count behind FRAGS", 1000, &frags, error);
        } else if (take_word(arguments, "LEN")) {
            status = arguments_number(arguments, "the words behind LEN", 10000, &words, error);
        } else {
            break;
        }
    }
    if (status == 0 && (frags != 1 || take_word(arguments, "SEPARATOR"))) {
        return error_set(error, AISLE_INVALID, "SUMMARIZE is supported with FRAGS 1 and without SEPARATOR");
    }
    marks->words = (uint32_t)words;
    return status;
}

int ft_marks_take(struct ft_marks *marks, struct arguments *arguments, bool is_summary, struct arena *arena,
                  aisle_error *error)
{
    marks->has_summary = marks->has_summary || is_summary;
    marks->has_highlight = marks->has_highlight || !is_summary;
    int status = take_fields(marks, arguments, error);
    if (status != 0 || is_summary) {
        return status != 0 ? status : take_summary(marks, arguments, error);
    }
    marks->before = MARK_BEFORE;
    marks->after = MARK_AFTER;
    if (take_word(arguments, "TAGS")) {
        status = arguments_string(arguments, "the first mark behind TAGS", arena, &marks->before, error);
        status = status != 0 ? status : arguments_string(arguments, "the second mark behind TAGS", arena,
                                                         &marks->after, error);
    }
    return status;
}

static bool is_among(const struct bytes *names, uint32_t count, struct bytes name)
{
    bool found = false;
    for (uint32_t i = 0; i < count && !found; i++) {
        found = bytes_equal(names[i], name);
    }
    return found;
}

/* The texts among the schema's fields that are returned; returns how many. */
static uint32_t find_texts(const struct search *search, const struct bytes *returned, uint32_t count,
                           struct bytes *texts)
{
    struct bytes fields = {0};
    struct product_member member;
    uint32_t found = 0;
    (void)product_find(bytes_of_string(aisle_schema(search->catalog->handle)), bytes_of_string("fields"), &fields);
    struct product_reader reader = product_read(fields);
    while (product_next(&reader, &member) && found < LIMIT_FIELDS) {
        if (strcmp(ft_type_of(member.value), "TEXT") == 0 &&
            (returned == NULL || is_among(returned, count, member.name))) {
            texts[found++] = member.name;
        }
    }
    return found;
}

int ft_marks_set(const struct ft_marks *marks, const struct bytes *returned, uint32_t returned_count,
                 struct arena *arena, struct search *search, aisle_error *error)
{
    struct bytes texts[LIMIT_FIELDS];
    const struct bytes *fields = marks->fields == NULL ? texts : marks->fields;
    if (!marks->has_highlight && !marks->has_summary) {
        return 0;
    }
    uint32_t count = marks->fields == NULL ? find_texts(search, returned, returned_count, texts) : marks->field_count;
    if (count > LIMIT_FIELDS) {
        return error_set(error, AISLE_LIMIT, "at most %u fields can be marked", LIMIT_FIELDS);
    }
    const char **names = arena_calloc(arena, (size_t)count + 1, sizeof *names);
    int status = names == NULL ? error_no_memory(error, "a request") : 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = arguments_copy(fields[i], "a field", arena, &names[i], error);
    }
    search->query.highlight = names;
    search->query.highlight_count = count;
    search->query.highlight_plain = true;
    search->query.mark_before = marks->has_highlight ? marks->before : "";
    search->query.mark_after = marks->has_highlight ? marks->after : "";
    search->query.snippet_words = marks->has_summary ? marks->words : 0;
    return status;
}

bool ft_marks_find(const struct search *search, const aisle_result *result, size_t hit, struct bytes field,
                   struct bytes *text)
{
    aisle_highlight highlight;
    for (size_t i = 0; i < search->query.highlight_count; i++) {
        if (bytes_equal(bytes_of_string(search->query.highlight[i]), field) &&
            aisle_result_highlight(result, hit, i, &highlight) == 0 && highlight.text.size > 0) {
            *text = bytes_of(highlight.text.data, highlight.text.size);
            return true;
        }
    }
    return false;
}
