/*
 * json.c - parsing: yajl's events into nodes, and what yajl leaves unchecked.
 *
 * yajl finds tokens and grammar. It lets overlong UTF-8, surrogates (encoded or as lone \u escapes), U+0000, vertical
 * tabs and form feeds between tokens, and an unterminated string behind the value pass, so those are checked here:
 * bytes once over the whole text, escapes only in strings that have some. Its own UTF-8 check is off, ours includes it.
 *
 * yajl does not check its allocations. It gets them from a pool that is made large enough for the text beforehand,
 * so that out of memory is a status; this also makes a new handle per parse, which yajl needs, nearly free.
 * Thread rule: one struct json, one thread at a time.
 */
#include <yajl/yajl_parse.h> /* before alloc.h poisons the names of its members */

#include "schema/json.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define NODES_FIRST 64u
#define KEY_SLOTS_PER_NODE 2u

/* An object of more members has them in a hash table; of fewer, each is compared with those that it may be equal to. */
#define SMALL_MEMBERS 32u

/* Where the pool's blocks begin; the size is needed when yajl grows one. */
struct block {
    size_t size;
    size_t unused; /* keeps the memory behind it aligned to 16 */
};

/* Small pieces of one parse: handle, lexer, state stack, error text; measured below 700 bytes. */
#define POOL_SMALL_BYTES 4096u
/* yajl's text buffers double from this. */
#define POOL_BUFFER_BYTES 2048u

struct pool {
    uint8_t *memory;
    size_t capacity;
    size_t used;
};

/* An object or array around the next value. */
struct open_node {
    uint32_t node;
    uint32_t members; /* of an object, so far */
    uint64_t marks;   /* of their keys: a bit for each, which others may have, too */
};

/* Finds the member of a large object by its key. */
struct key_slot {
    uint32_t stamp; /* the parse that filled the slot; others count as empty */
    uint32_t object;
    uint32_t node;
};

struct json {
    struct bytes text;
    struct json_node *nodes;
    uint32_t node_count;
    uint32_t node_capacity;
    struct key_slot *slots; /* KEY_SLOTS_PER_NODE * node_capacity, a power of two */
    uint32_t stamp;
    uint8_t *unescaped; /* strings with escapes resolved; never moves during a parse */
    size_t unescaped_used;
    size_t unescaped_capacity;
    struct pool pool;
    yajl_handle handle;
    struct open_node open[LIMIT_JSON_DEPTH];
    uint32_t depth;
    struct bytes key; /* of the next value */
    uint32_t key_position;
    uint32_t last_end; /* byte behind the last token that an event told of */
    int status;        /* of the parse, set when an event stops it */
    aisle_error *error;
};

static size_t block_bytes(size_t size)
{
    return sizeof(struct block) + ((size + 15) & ~(size_t)15);
}

static void *pool_allocate(void *context, size_t size)
{
    struct pool *pool = context;
    /* GCOVR_EXCL_START: pool_reserve bounds what yajl takes */
    if (size > pool->capacity || block_bytes(size) > pool->capacity - pool->used) {
        assert(false && "pool_reserve bounds what yajl takes");
        return NULL;
    }
    /* GCOVR_EXCL_STOP */
    struct block *block = (struct block *)(void *)(pool->memory + pool->used);
    *block = (struct block){.size = size};
    pool->used += block_bytes(size);
    return block + 1;
}

static bool pool_is_last(const struct pool *pool, const struct block *block)
{
    return (const uint8_t *)block + block_bytes(block->size) == pool->memory + pool->used;
}

static void pool_free(void *context, void *memory)
{
    struct pool *pool = context;
    if (memory == NULL) { /* GCOVR_EXCL_BR_LINE: which yajl never does, but may */
        return;           /* GCOVR_EXCL_LINE */
    }
    if (pool_is_last(pool, (struct block *)memory - 1)) {
        pool->used -= block_bytes(((struct block *)memory - 1)->size);
    }
}

static void *pool_reallocate(void *context, void *memory, size_t size)
{
    struct pool *pool = context;
    if (memory == NULL) {
        return pool_allocate(pool, size);
    }
    struct block *block = (struct block *)memory - 1;
    if (pool_is_last(pool, block)) { /* GCOVR_EXCL_BR_LINE: as pool_reserve says */
        pool_free(pool, memory); /* the bytes stay; the block grows in place */
        return pool_allocate(pool, size);
    }
    /* GCOVR_EXCL_START: for a yajl that grows another block than the last */
    void *grown = pool_allocate(pool, size);
    if (grown != NULL) {
        memcpy(grown, memory, block->size < size ? block->size : size);
    }
    return grown;
    /* GCOVR_EXCL_STOP */
}

/*
 * Makes the pool large enough to parse text_size bytes. Besides its small pieces yajl has two text buffers, for a
 * token cut by the end of the text and for strings with escapes, each doubling until larger than its content. Each
 * of them grows while it is the pool's last block, so it never leaves a smaller copy behind.
 */
static int pool_reserve(struct pool *pool, size_t text_size)
{
    size_t buffer = POOL_BUFFER_BYTES + 2 * (text_size + 1);
    size_t needed = POOL_SMALL_BYTES + 2 * block_bytes(buffer);
    pool->used = 0;
    if (needed <= pool->capacity) {
        return 0;
    }
    needed += needed / 4;
    mem_free(pool->memory);
    pool->capacity = 0;
    pool->memory = mem_alloc(needed);
    if (pool->memory == NULL) {
        return AISLE_NO_MEMORY;
    }
    pool->capacity = needed;
    return 0;
}

/* Ends the parse from within an event: fills the error and returns what tells yajl to stop. */
__attribute__((format(printf, 3, 4))) static int stop(struct json *json, size_t position, const char *format, ...)
{
    char message[sizeof json->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    json->status = error_set_at(json->error, AISLE_BAD_PRODUCT, position, "%s", message);
    return 0;
}

static int stop_no_memory(struct json *json)
{
    json->status = error_no_memory(json->error, "parsing JSON");
    return 0;
}

static struct key_slot *slot_of(const struct json *json, uint32_t object, struct bytes key)
{
    /* The reader's address makes collisions unpredictable to whoever writes the keys. */
    uint64_t seed = (uint64_t)(uintptr_t)json + object;
    size_t mask = (size_t)KEY_SLOTS_PER_NODE * json->node_capacity - 1;
    size_t i = (size_t)hash_bytes_seeded(key.data, key.size, seed) & mask;
    while (json->slots[i].stamp == json->stamp) {
        const struct key_slot *slot = &json->slots[i];
        if (slot->object == object && bytes_equal(json->nodes[slot->node].key, key)) {
            break;
        }
        i = (i + 1) & mask;
    }
    return &json->slots[i];
}

/* Doubles the nodes and carries the keys over to a table of twice the slots. */
static int grow_nodes(struct json *json)
{
    uint32_t old_slots = KEY_SLOTS_PER_NODE * json->node_capacity;
    uint32_t capacity = json->node_capacity == 0 ? NODES_FIRST : json->node_capacity * 2;
    struct json_node *nodes = mem_realloc(json->nodes, capacity * sizeof *nodes);
    if (nodes == NULL) {
        return AISLE_NO_MEMORY;
    }
    json->nodes = nodes;
    struct key_slot *old = json->slots;
    struct key_slot *slots = mem_calloc((size_t)KEY_SLOTS_PER_NODE * capacity, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    json->slots = slots;
    json->node_capacity = capacity;
    for (uint32_t i = 0; i < old_slots; i++) {
        if (old[i].stamp == json->stamp) {
            *slot_of(json, old[i].object, json->nodes[old[i].node].key) = old[i];
        }
    }
    mem_free(old);
    return 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Where the next token begins: between tokens that events tell of stand only white space, commas and colons. */
static uint32_t token_start(const struct json *json, size_t limit)
{
    size_t i = json->last_end;
    for (; i < limit; i++) {
        uint8_t c = json->text.data[i];
        if (c != ',' && c != ':' && !is_space(c)) {
            break;
        }
    }
    return (uint32_t)i;
}

/* The member of a small object among those up to the one before end; 0: there is none. */
static uint32_t find_small(const struct json *json, uint32_t object, uint32_t end, struct bytes key)
{
    for (uint32_t m = object + 1; m < end; m = json->nodes[m].next) {
        if (json->nodes[m].key.size == key.size && bytes_same(json->nodes[m].key.data, key.data, key.size)) {
            return m;
        }
    }
    return 0;
}

static int stop_twice(struct json *json)
{
    char shown[JSON_SHOWN_BYTES];
    return stop(json, json->key_position, "the key \"%s\" stands twice in one object", json_show(json->key, shown));
}

/* The object has become large: its members, up to the one before end, go to the table. */
static void enlarge(struct json *json, uint32_t object, uint32_t end)
{
    for (uint32_t m = object + 1; m < end; m = json->nodes[m].next) {
        *slot_of(json, object, json->nodes[m].key) =
            (struct key_slot){.stamp = json->stamp, .object = object, .node = m};
    }
    json->nodes[object].is_large = true;
}

static uint64_t mark_of(struct bytes key)
{
    size_t last = key.size == 0 ? 0 : key.data[key.size - 1] + key.data[0] * (size_t)5;
    return (uint64_t)1 << ((key.size * 31 + last) & 63);
}

static int take_key(struct json *json, uint32_t node)
{
    struct open_node *open = &json->open[json->depth - 1];
    uint64_t mark = mark_of(json->key);
    if (open->members++ < SMALL_MEMBERS) {
        if ((open->marks & mark) != 0 && find_small(json, open->node, node, json->key) != 0) {
            return stop_twice(json);
        }
        open->marks |= mark;
    } else {
        if (!json->nodes[open->node].is_large) {
            enlarge(json, open->node, node);
        }
        struct key_slot *slot = slot_of(json, open->node, json->key);
        if (slot->stamp == json->stamp) {
            return stop_twice(json);
        }
        *slot = (struct key_slot){.stamp = json->stamp, .object = open->node, .node = node};
    }
    json->nodes[node].key = json->key;
    json->key = bytes_of(NULL, 0);
    return 1;
}

/* Adds the node of a value that begins at position; 0 when that ends the parse. */
static int add_node(struct json *json, enum json_type type, uint32_t position, uint32_t end, struct bytes text)
{
    if (json->node_count == LIMIT_JSON_NODES) {
        return stop(json, position, "more than %u values in one JSON text", LIMIT_JSON_NODES);
    }
    if (json->node_count == json->node_capacity && grow_nodes(json) != 0) {
        return stop_no_memory(json);
    }
    uint32_t index = json->node_count++;
    json->nodes[index] =
        (struct json_node){.type = (uint8_t)type, .next = index + 1, .position = position, .end = end, .text = text};
    json->last_end = end;
    if (json->depth > 0 && json->nodes[json->open[json->depth - 1].node].type == JSON_OBJECT) {
        return take_key(json, index);
    }
    return 1;
}

static int add_literal(struct json *json, enum json_type type, uint32_t size)
{
    uint32_t position = token_start(json, json->text.size);
    return add_node(json, type, position, position + size, bytes_of(NULL, 0));
}

static int on_null(void *context)
{
    return add_literal(context, JSON_NULL, 4);
}

static int on_boolean(void *context, int value)
{
    return value ? add_literal(context, JSON_TRUE, 4) : add_literal(context, JSON_FALSE, 5);
}

/* Whether yajl points into the text, and not into a buffer of its own: then that is where the token stands. */
static inline bool is_in_text(const struct json *json, const void *at)
{
    return (uintptr_t)at - (uintptr_t)json->text.data < json->text.size;
}

static int on_number(void *context, const char *digits, size_t size)
{
    /* A number that ends the text comes from yajl's own buffer, and its position is searched. */
    struct json *json = context;
    uint32_t position = is_in_text(json, digits) ? (uint32_t)((const uint8_t *)digits - json->text.data)
                                                 : token_start(json, json->text.size);
    return add_node(json, JSON_NUMBER, position, position + (uint32_t)size, bytes_of(json->text.data + position, size));
}

/* Four hexadecimal digits, which yajl has checked. */
static unsigned hex_of(const uint8_t *p)
{
    unsigned value = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned digit = p[i] <= '9' ? (unsigned)(p[i] - '0') : (unsigned)((p[i] | 0x20) - 'a') + 10;
        value = value << 4 | digit;
    }
    return value;
}

/* Refuses \u0000 and surrogates without their other half in the raw string from first to its closing quote. */
static int check_escapes(struct json *json, size_t first, size_t end)
{
    const uint8_t *text = json->text.data;
    for (size_t i = first; i < end; i++) {
        if (text[i] != '\\') {
            continue;
        }
        size_t escape = i++;
        if (text[i] != 'u') {
            continue;
        }
        unsigned unit = hex_of(text + i + 1);
        i += 4;
        if (unit == 0) {
            return stop(json, escape, "not allowed: U+0000 in a string");
        }
        if (unit < 0xd800 || unit > 0xdfff) {
            continue;
        }
        bool paired = unit < 0xdc00 && i + 6 < end && text[i + 1] == '\\' && text[i + 2] == 'u';
        unsigned low = paired ? hex_of(text + i + 3) : 0;
        if (low < 0xdc00 || low > 0xdfff) {
            return stop(json, escape, "not Unicode: a lone surrogate \\u%04x", unit);
        }
        i += 6;
    }
    return 1;
}

/* Keeps what yajl resolved. All strings of a text together are no longer than the text, so one block is enough. */
static int keep_unescaped(struct json *json, const unsigned char *string, size_t size, struct bytes *out)
{
    if (json->unescaped_used == 0 && json->unescaped_capacity < json->text.size) {
        mem_free(json->unescaped);
        json->unescaped_capacity = 0;
        json->unescaped = mem_alloc(json->text.size);
        if (json->unescaped == NULL) {
            return stop_no_memory(json);
        }
        json->unescaped_capacity = json->text.size;
    }
    uint8_t *kept = json->unescaped + json->unescaped_used;
    memcpy(kept, string, size);
    json->unescaped_used += size;
    *out = bytes_of(kept, size);
    return 1;
}

/* The string token that an event tells of: where it stands, and its content as a view that lasts. */
static int take_string(struct json *json, const unsigned char *string, size_t size, uint32_t *position, uint32_t *end,
                       struct bytes *out)
{
    if (is_in_text(json, string)) {
        *position = (uint32_t)(string - json->text.data) - 1;
        *end = *position + (uint32_t)size + 2;
        *out = bytes_of(string, size);
        return 1;
    }
    uint32_t start = token_start(json, json->text.size);
    *position = start;
    *end = (uint32_t)yajl_get_bytes_consumed(json->handle);
    return check_escapes(json, (size_t)start + 1, (size_t)*end - 1) && keep_unescaped(json, string, size, out);
}

static int on_string(void *context, const unsigned char *string, size_t size)
{
    struct json *json = context;
    uint32_t position = 0;
    uint32_t end = 0;
    struct bytes text = {NULL, 0};
    return take_string(json, string, size, &position, &end, &text) && add_node(json, JSON_STRING, position, end, text);
}

static int on_key(void *context, const unsigned char *string, size_t size)
{
    struct json *json = context;
    return take_string(json, string, size, &json->key_position, &json->last_end, &json->key);
}

static int open_node(struct json *json, enum json_type type)
{
    uint32_t position = token_start(json, json->text.size);
    if (json->depth == LIMIT_JSON_DEPTH) {
        return stop(json, position, "objects and arrays are nested more than %u deep", LIMIT_JSON_DEPTH);
    }
    uint32_t index = json->node_count;
    if (!add_node(json, type, position, position + 1, bytes_of(NULL, 0))) {
        return 0;
    }
    json->open[json->depth++] = (struct open_node){.node = index};
    return 1;
}

static int close_node(void *context)
{
    struct json *json = context;
    struct json_node *node = &json->nodes[json->open[--json->depth].node];
    node->next = json->node_count;
    node->end = token_start(json, json->text.size) + 1;
    json->last_end = node->end;
    return 1;
}

static int on_start_map(void *context)
{
    return open_node(context, JSON_OBJECT);
}

static int on_start_array(void *context)
{
    return open_node(context, JSON_ARRAY);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_key,
    .yajl_end_map = close_node,
    .yajl_start_array = on_start_array,
    .yajl_end_array = close_node,
};

/* Tells of yajl's own error. consumed: bytes it had read. */
static void fail_syntax(struct json *json, size_t consumed)
{
    char reason[128] = "unknown reason";
    unsigned char *text = yajl_get_error(json->handle, 0, json->text.data, json->text.size);
    bool lexical = false;
    if (text != NULL) { /* GCOVR_EXCL_BR_LINE: its memory comes from the pool */
        /* "lexical error: invalid char in json text.\n" */
        const char *colon = strstr((const char *)text, ": ");
        lexical = strncmp((const char *)text, "lexical", 7) == 0;
        const char *begin = colon == NULL ? (const char *)text : colon + 2; /* GCOVR_EXCL_BR_LINE: yajl's wording */
        snprintf(reason, sizeof reason, "%s", begin);
        reason[strcspn(reason, ".\n")] = '\0';
        yajl_free_error(json->handle, text);
    }
    /* Grammar errors stand at their token's first byte; lexical ones inside a token where yajl stopped. */
    size_t position = token_start(json, consumed == 0 ? 0 : consumed - 1);
    if (lexical && memchr("\"-0123456789tfn", json->text.data[position], 15) != NULL) {
        position = consumed;
    }
    stop(json, position, "not JSON: %s", reason);
}

/* Runs yajl over the text; the nodes are complete when it returns 0. */
static int run_yajl(struct json *json)
{
    yajl_alloc_funcs functions = {pool_allocate, pool_reallocate, pool_free, &json->pool};
    json->handle = yajl_alloc(&callbacks, &functions, json);
    yajl_config(json->handle, yajl_dont_validate_strings, 1);
    yajl_config(json->handle, yajl_allow_trailing_garbage, 1);
    yajl_status status = yajl_parse(json->handle, json->text.data, json->text.size);
    if (status == yajl_status_error) {
        fail_syntax(json, yajl_get_bytes_consumed(json->handle));
    } else if (status == yajl_status_ok && yajl_complete_parse(json->handle) == yajl_status_error) {
        stop(json, json->text.size, "not JSON: the text ends too early");
    }
    yajl_free(json->handle);
    json->handle = NULL;
    return json->status;
}

/* yajl is told to stop behind the value: its own check of the rest lets an unterminated string pass. */
static int check_rest(struct json *json)
{
    for (size_t i = json->last_end; i < json->text.size; i++) {
        if (!is_space(json->text.data[i])) {
            stop(json, i, "not JSON: something follows the value");
            break;
        }
    }
    return json->status;
}

/* The first vertical tab or form feed, or text.size: yajl takes them for white space, the RFC does not. */
static size_t find_false_space(struct bytes text)
{
    const uint8_t *tab = memchr(text.data, '\v', text.size);
    const uint8_t *feed = memchr(text.data, '\f', text.size);
    size_t tab_at = tab == NULL ? text.size : (size_t)(tab - text.data);
    size_t feed_at = feed == NULL ? text.size : (size_t)(feed - text.data);
    return tab_at < feed_at ? tab_at : feed_at;
}

static void begin(struct json *json, struct bytes text, aisle_error *error)
{
    json->text = text;
    json->node_count = 0;
    json->unescaped_used = 0;
    json->depth = 0;
    json->key = bytes_of(NULL, 0);
    json->last_end = 0;
    json->status = 0;
    json->error = error;
    json->stamp++;
    if (json->stamp == 0) { /* GCOVR_EXCL_BR_LINE: after 2^32 texts */
        /* GCOVR_EXCL_START */
        memset(json->slots, 0, (size_t)KEY_SLOTS_PER_NODE * json->node_capacity * sizeof *json->slots);
        json->stamp = 1;
        /* GCOVR_EXCL_STOP */
    }
}

int json_parse(struct json *json, struct bytes text, aisle_error *error)
{
    size_t bad = 0;
    begin(json, text, error);
    if (text.size > LIMIT_LINE_BYTES) {
        stop(json, LIMIT_LINE_BYTES, "the text has more than %u bytes", LIMIT_LINE_BYTES);
    } else if (text.size == 0) {
        stop(json, 0, "not JSON: the text is empty");
    } else if (!utf8_valid(text, &bad)) {
        stop(json, bad, "not UTF-8");
    } else if ((bad = find_false_space(text)) < text.size) {
        stop(json, bad, "not JSON: a control character");
    } else if (pool_reserve(&json->pool, text.size) != 0) {
        stop_no_memory(json);
    } else if (run_yajl(json) == 0) {
        check_rest(json);
    }
    json->error = NULL;
    if (json->status != 0) {
        json->node_count = 0;
    }
    return json->status;
}

int json_new(struct json **out)
{
    *out = NULL;
    struct json *json = mem_calloc(1, sizeof *json);
    if (json == NULL) {
        return AISLE_NO_MEMORY;
    }
    if (grow_nodes(json) != 0) {
        json_free(json);
        return AISLE_NO_MEMORY;
    }
    *out = json;
    return 0;
}

void json_free(struct json *json)
{
    if (json != NULL) {
        mem_free(json->nodes);
        mem_free(json->slots);
        mem_free(json->unescaped);
        mem_free(json->pool.memory);
        mem_free(json);
    }
}

const struct json_node *json_nodes(const struct json *json, size_t *count)
{
    *count = json->node_count;
    return json->nodes;
}

size_t json_member(const struct json *json, size_t object_index, struct bytes key)
{
    if (object_index >= json->node_count || json->nodes[object_index].type != JSON_OBJECT) {
        return 0;
    }
    const struct json_node *object = &json->nodes[object_index];
    if (!object->is_large) {
        return find_small(json, (uint32_t)object_index, object->next, key);
    }
    const struct key_slot *slot = slot_of(json, (uint32_t)object_index, key);
    return slot->stamp == json->stamp ? slot->node : 0;
}

const char *json_type_name(uint8_t type)
{
    static const char *const names[] = {"null", "false", "true", "a number", "a string", "an array", "an object"};
    return type <= JSON_OBJECT ? names[type] : "nothing";
}

static size_t digits_from(struct bytes text, size_t at)
{
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9') {
        at++;
    }
    return at;
}

bool json_is_number(struct bytes text)
{
    size_t start = text.size != 0 && text.data[0] == '-' ? 1 : 0;
    size_t at = digits_from(text, start);
    if (at == start || (text.data[start] == '0' && at > start + 1)) {
        return false;
    }
    if (at < text.size && text.data[at] == '.') {
        start = at + 1;
        at = digits_from(text, start);
        if (at == start) {
            return false;
        }
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        start = at + 1;
        start += start < text.size && (text.data[start] == '-' || text.data[start] == '+') ? 1 : 0;
        at = digits_from(text, start);
        if (at == start) {
            return false;
        }
    }
    return at == text.size;
}
