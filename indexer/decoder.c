/*
 * decoder.c - telling formats apart, and lines that were torn.
 *
 * Thread rule: one thread at a time.
 */
#include "indexer/decoder.h"

#include "base/alloc.h"

#define TEXTS_MAX 1000u /* on one line: what has more lost its newlines, and the rest of it is one fault */
#define TORN_TRIES 64u /* places tried for the beginning of a whole text on a torn line */

int format_of_name(const char *name)
{
    static const char *const names[] = {"auto", "products", "aisle", "debezium", "wal2json"};
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

int decoder_init(struct decoder *decoder, enum format format, const struct product_fields *fields,
                 const struct mapping *mapping)
{
    *decoder = (struct decoder){.format = format};
    int status = json_new(&decoder->json);
    status = status != 0 ? status : product_rows_init(&decoder->rows, fields, mapping);
    decoder->row.columns = mem_alloc(2 * LIMIT_COLUMNS * sizeof *decoder->row.columns);
    if (status != 0 || decoder->row.columns == NULL) {
        decoder_release(decoder);
        return AISLE_NO_MEMORY;
    }
    decoder->row.old = decoder->row.columns + LIMIT_COLUMNS;
    return 0;
}

void decoder_release(struct decoder *decoder)
{
    product_rows_release(&decoder->rows);
    mem_free(decoder->row.columns);
    json_free(decoder->json);
    *decoder = (struct decoder){.json = NULL};
}

void decoder_begin(struct decoder *decoder, struct bytes line)
{
    decoder->line = line;
    decoder->rest = line;
    decoder->transaction = (struct wal2json_transaction){.at = 0};
    decoder->torn = false;
    decoder->texts = 0;
}

static bool has(struct bytes line, const char *text)
{
    return memmem(line.data, line.size, text, strlen(text)) != NULL;
}

/*
 * Whether some string of the line begins as a member's name does by which envelopes are told ("op", "action",
 * "payload", "change"): in most products none does, and this loop, without branches, looks at many bytes at once.
 */
static bool has_hint(struct bytes line)
{
    const uint8_t *at = line.data;
    uint8_t any = 0;
    for (size_t i = 0; i + 2 < line.size; i++) {
        uint8_t name = (uint8_t)(((at[i + 1] == 'o') & (at[i + 2] == 'p')) | ((at[i + 1] == 'a') & (at[i + 2] == 'c')) |
                                 ((at[i + 1] == 'p') & (at[i + 2] == 'a')) | ((at[i + 1] == 'c') & (at[i + 2] == 'h')));
        any |= (uint8_t)(name & (at[i] == '"'));
    }
    return any != 0;
}

static bool has_name(struct bytes line)
{
    return has(line, "\"op\"") || has(line, "\"action\"") || has(line, "\"payload\"") || has(line, "\"change\"");
}

/* As Aisle's own changes begin, when their member comes first: then the rest need not be looked through. */
static bool begins_with_op(struct bytes line)
{
    return line.size > 5 && memcmp(line.data, "{\"op\"", 5) == 0;
}

/* Whether the line may be anything but a bare product. */
static bool may_be_envelope(const struct decoder *decoder, struct bytes line)
{
    if (decoder->format != FORMAT_PRODUCTS && begins_with_op(line)) {
        return true;
    }
    switch (decoder->format) {
    case FORMAT_PRODUCTS:
        return false;
    case FORMAT_AISLE:
        return has_hint(line) && has(line, "\"op\"");
    case FORMAT_DEBEZIUM:
    case FORMAT_WAL2JSON:
        return true;
    case FORMAT_AUTO:
        break;
    }
    return (has_hint(line) && has_name(line)) || line.data[0] == 'n';
}

/* Whether the line is a transaction of wal2json's format 1: it is not parsed whole, since it may be too large. */
static bool is_transaction(const struct decoder *decoder, struct bytes line)
{
    static const char *const heads[] = {"{\"xid\"", "{\"nextlsn\"", "{\"timestamp\"", "{\"change\":["};
    if (decoder->format == FORMAT_WAL2JSON || decoder->format == FORMAT_AUTO) {
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
            if (bytes_begin_with(line, bytes_of_string(heads[i]))) {
                return has(bytes_of(line.data, line.size < 256 ? line.size : 256), "\"change\":[");
            }
        }
    }
    return false;
}

static struct bytes skip_blanks(struct bytes text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    return text;
}

static size_t position_in_line(const struct decoder *decoder, const uint8_t *place)
{
    return (size_t)(place - decoder->line.data);
}

static void clear_row(struct row *row)
{
    *row = (struct row){.columns = row->columns, .old = row->old};
}

/* ---------------------------------------------------------------------------------------- one whole text -- */

static int change_of_row(struct decoder *decoder, struct bytes text, struct change *change, aisle_error *error)
{
    return product_rows_change(&decoder->rows, decoder->json, text, &decoder->row, change, error);
}

/* Of a bare product, when a mapping file speaks of lines that name no table. */
static int change_of_bare_row(struct decoder *decoder, struct bytes text, struct change *change, aisle_error *error)
{
    size_t count;
    const struct json_node *nodes = json_nodes(decoder->json, &count);
    int status = 0;
    clear_row(&decoder->row);
    decoder->row.kind = ROW_INSERT;
    for (size_t i = 1; nodes[0].type == JSON_OBJECT && i < nodes[0].next && status == 0; i = nodes[i].next) {
        const struct column column = {.name = nodes[i].key, .value = &nodes[i]};
        status = row_add(decoder->row.columns, &decoder->row.column_count, &column, error);
    }
    return status != 0 ? status : change_of_row(decoder, text, change, error);
}

static bool maps_bare(const struct decoder *decoder)
{
    const struct mapping *mapping = decoder->rows.mapping;
    return mapping != NULL && mapping_find(mapping, bytes_of("", 0), bytes_of("", 0)) != NULL;
}

/* Of text, whose nodes the decoder's json holds. */
static int decode_parsed(struct decoder *decoder, struct bytes text, struct sequence *sequence, struct change *change,
                         aisle_error *error)
{
    enum format format = decoder->format;
    bool all = format == FORMAT_AUTO;
    int status;
    clear_row(&decoder->row);
    if ((all || format == FORMAT_AISLE) && change_matches(decoder->json) && !debezium_matches(decoder->json)) {
        return change_decode(decoder->json, text, change, error);
    }
    if ((all || format == FORMAT_DEBEZIUM) && debezium_matches(decoder->json)) {
        status = debezium_decode(decoder->json, sequence, &decoder->row, error);
    } else if ((all || format == FORMAT_WAL2JSON) && wal2json_matches(decoder->json)) {
        status = wal2json_decode(decoder->json, sequence, &decoder->row, &decoder->inside, error);
    } else if (format == FORMAT_DEBEZIUM || format == FORMAT_WAL2JSON) {
        return error_set(error, AISLE_BAD_PRODUCT, "not %s", format == FORMAT_DEBEZIUM
                                                                 ? "a Debezium event"
                                                                 : "a line of wal2json's formats 1 or 2");
    } else if (maps_bare(decoder)) {
        return change_of_bare_row(decoder, text, change, error);
    } else {
        *change = (struct change){.kind = CHANGE_PUT, .body = text};
        return 0;
    }
    return status != 0 ? status : change_of_row(decoder, text, change, error);
}

/* Behind a first value that is followed by more than blanks: where the error of the parser lies; else 0. */
static size_t find_second(const aisle_error *error, struct bytes text)
{
    size_t at = error->position;
    return at > 1 && at < text.size && text.data[at] == '{' && text.data[at - 1] == '}' ? at : 0;
}

/*
 * Makes sense of a line that is not JSON: two texts side by side, or one that was cut with a whole one behind it. On
 * success the nodes are those of *text, and what is behind it stands in decoder->rest.
 */
static int parse_torn(struct decoder *decoder, struct bytes *text, const aisle_error *why, aisle_error *error)
{
    struct bytes line = *text;
    size_t second = decoder->texts < TEXTS_MAX ? find_second(why, line) : 0;
    if (second != 0 && json_parse(decoder->json, bytes_of(line.data, second), NULL) == 0) {
        *text = bytes_of(line.data, second);
        decoder->rest = bytes_of(line.data + second, line.size - second);
        return 0;
    }
    const uint8_t *end = line.data + line.size;
    const uint8_t *next = line.data + 1;
    for (unsigned i = 0; decoder->texts < TEXTS_MAX && i < TORN_TRIES && next < end; i++, next++) {
        next = memmem(next, (size_t)(end - next), "{\"", 2);
        if (next == NULL) {
            break;
        }
        if (json_parse(decoder->json, bytes_of(next, (size_t)(end - next)), NULL) == 0 &&
            (change_matches(decoder->json) || debezium_matches(decoder->json) || wal2json_matches(decoder->json))) {
            *text = bytes_of(next, (size_t)(end - next));
            decoder->torn = true;
            return 0;
        }
    }
    if (error != NULL) {
        *error = *why;
    }
    return AISLE_BAD_PRODUCT;
}

static int decode_text(struct decoder *decoder, struct sequence *sequence, struct change *change, aisle_error *error)
{
    struct bytes text = decoder->rest;
    aisle_error why = {0};
    decoder->rest = bytes_of(NULL, 0);
    decoder->texts++;
    if (!may_be_envelope(decoder, text) && !maps_bare(decoder)) {
        *change = (struct change){
            .kind = CHANGE_PUT, .body = text, .body_position = position_in_line(decoder, text.data)};
        return 0;
    }
    int status = json_parse(decoder->json, text, &why);
    if (status == AISLE_BAD_PRODUCT) {
        status = parse_torn(decoder, &text, &why, error);
    } else if (status != 0) {
        return error_no_memory(error, "reading a change");
    }
    size_t before = position_in_line(decoder, text.data);
    status = status != 0 ? status : decode_parsed(decoder, text, sequence, change, error);
    change->body_position += before;
    if (status == AISLE_BAD_PRODUCT && error != NULL) {
        error->position += before;
    }
    return status;
}

/* ------------------------------------------------------------------------------------------ transactions -- */

/* Leaves the transaction: for what stands behind it, or behind where it was cut. */
static int leave_transaction(struct decoder *decoder, int status)
{
    static const char *const heads[] = {"{\"xid\"", "{\"nextlsn\"", "{\"timestamp\""};
    struct wal2json_transaction *transaction = &decoder->transaction;
    struct bytes line = transaction->line;
    size_t at = transaction->at;
    transaction->line.size = 0;
    if (status == AISLE_END) {
        at += at < line.size && line.data[at] == ']';
        at += at < line.size && line.data[at] == '}';
        decoder->rest = bytes_of(line.data + at, line.size - at);
        return AISLE_END;
    }
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const uint8_t *found = memmem(line.data + at, line.size - at, heads[i], strlen(heads[i]));
        if (found != NULL) {
            decoder->rest = bytes_of(found, (size_t)(line.data + line.size - found));
            decoder->torn = true;
            return AISLE_END;
        }
    }
    return status;
}

static int next_of_transaction(struct decoder *decoder, struct sequence *sequence, struct change *change,
                               aisle_error *error)
{
    struct wal2json_transaction *transaction = &decoder->transaction;
    struct bytes text;
    int status = wal2json_next(transaction, &text, error);
    if (status != 0) {
        return leave_transaction(decoder, status);
    }
    size_t before = position_in_line(decoder, text.data);
    clear_row(&decoder->row);
    status = json_parse(decoder->json, text, error);
    status = status != 0 ? status : wal2json_change(decoder->json, sequence, &decoder->row, error);
    decoder->row.time_ms = transaction->time_ms;
    status = status != 0 ? status : change_of_row(decoder, text, change, error);
    change->body_position += before;
    if (status == AISLE_BAD_PRODUCT && error != NULL) {
        error->position += before;
    }
    return status;
}

int decoder_next(struct decoder *decoder, struct sequence *sequence, struct change *change, aisle_error *error)
{
    for (;;) {
        int status;
        *change = (struct change){.kind = CHANGE_PUT};
        if (decoder->transaction.line.size > 0) {
            status = next_of_transaction(decoder, sequence, change, error);
            if (status != AISLE_END) {
                return status;
            }
            continue;
        }
        decoder->rest = skip_blanks(decoder->rest);
        if (decoder->rest.size == 0) {
            return AISLE_END;
        }
        if (is_transaction(decoder, decoder->rest)) {
            struct bytes line = decoder->rest;
            decoder->rest = bytes_of(NULL, 0);
            status = wal2json_open(decoder->json, line, sequence, &decoder->transaction, error);
            if (status != 0) {
                decoder->transaction.line.size = 0;
                return status;
            }
            continue;
        }
        status = decode_text(decoder, sequence, change, error);
        if (status != AISLE_END) {
            return status;
        }
    }
}
