/*
 * command_search.c - AISLE.SEARCH and AISLE.MSEARCH: the answer of a search.
 *
 * The keys are those of `aisle search --json`. Runs on the pool.
 */
#include "server/command.h"
#include "server/product.h"
#include "server/search.h"

static struct bytes bytes_from(aisle_bytes text)
{
    return bytes_of(text.data, text.size);
}

/* The product, cut to the fields that were asked for. */
static void put_product(struct call *call, const struct search *search, struct bytes product)
{
    if (!search->cuts) {
        reply_bulk(&call->reply, product);
        return;
    }
    struct buf cut;
    buf_init(&cut, LIMIT_SERVER_REPLY_BYTES);
    product_cut(product, search->returns, search->return_count, &cut);
    reply_bulk(&call->reply, buf_bytes(&cut));
    if (buf_status(&cut) != 0 && buf_status(call->reply.out) == 0) {
        call->reply.out->status = buf_status(&cut);
    }
    buf_release(&cut);
}

static void put_hit(struct call *call, const struct search *search, const aisle_hit *hit)
{
    const struct reply *reply = &call->reply;
    bool with_product = !search->query.no_products;
    bool with_explanation = hit->explanation.size > 0;
    reply_map(reply, 2 + (size_t)with_product + (size_t)with_explanation);
    reply_key(reply, "id");
    reply_bulk(reply, bytes_from(hit->id));
    reply_key(reply, "score");
    reply_double(reply, hit->score);
    if (with_product) {
        reply_key(reply, "product");
        put_product(call, search, bytes_from(hit->product));
    }
    if (with_explanation) {
        reply_key(reply, "explanation");
        reply_bulk(reply, bytes_from(hit->explanation));
    }
}

static void put_result(struct call *call, const struct search *search)
{
    const struct reply *reply = &call->reply;
    const aisle_result *result = call->worker->result;
    aisle_hit hit;
    bool exact = false;
    uint64_t total = aisle_result_total(result, &exact);
    reply_map(reply, 4);
    reply_key(reply, "total");
    reply_unsigned(reply, total);
    reply_key(reply, "total_is_exact");
    reply_bool(reply, exact);
    reply_key(reply, "took_us");
    reply_unsigned(reply, aisle_result_took_us(result));
    reply_key(reply, "hits");
    reply_array(reply, aisle_result_count(result));
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        put_hit(call, search, &hit);
    }
}

static void search_one(struct call *call, struct arguments *arguments)
{
    struct search search;
    aisle_error error = {0};
    int status = search_parse(call->request->set, arguments, &call->worker->arena, &search, &error);
    if (status == 0 && !search_in_time(call, search.deadline_ms)) {
        return;
    }
    status = status != 0 ? status : search_run(call, &search, &error);
    if (status != 0) {
        call_fail_as(call, &error);
    } else {
        put_result(call, &search);
    }
}

void command_search(struct call *call)
{
    struct arguments arguments = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    search_one(call, &arguments);
}

struct bytes command_search_explanation(struct call *call)
{
    struct arguments arguments = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    struct search search;
    aisle_hit hit;
    arena_reset(&call->worker->arena);
    if (search_parse(call->request->set, &arguments, &call->worker->arena, &search, NULL) != 0) {
        return bytes_of(NULL, 0);
    }
    search.query.explain = true;
    search.query.no_total = true;
    search.query.no_products = true;
    search.query.limit = 1;
    if (search_run(call, &search, NULL) != 0 || aisle_result_hit(call->worker->result, 0, &hit) != 0) {
        return bytes_of(NULL, 0);
    }
    return bytes_from(hit.explanation);
}

/* The searches of one request: each a count of its arguments, and they. *count: how many there are. */
static int check_parts(const struct call *call, uint32_t *count, aisle_error *error)
{
    struct arguments arguments = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    int status = 0;
    for (*count = 0; status == 0 && arguments_left(&arguments); ++*count) {
        const struct bytes *part = NULL;
        uint32_t size = 0;
        status = arguments_list(&arguments, "the count before a search", &part, &size, error);
    }
    return status;
}

void command_msearch(struct call *call)
{
    struct arguments all = {.items = call->arguments + 1, .count = call->count - 1, .base = 1};
    aisle_error error = {0};
    uint32_t count = 0;
    if (check_parts(call, &count, &error) != 0) {
        call_fail_as(call, &error);
        return;
    }
    reply_array(&call->reply, count);
    bool failed = false;
    while (arguments_left(&all)) {
        const struct bytes *part = NULL;
        uint32_t size = 0;
        if (arguments_list(&all, "the count before a search", &part, &size, &error) != 0 ||
            atomic_load_explicit(&call->request->cancelled, memory_order_relaxed)) {
            break;
        }
        struct arguments one = {.items = part, .count = size, .base = arguments_place(&all) - size + 1};
        search_one(call, &one);
        failed = failed || call->failed;
        arena_reset(&call->worker->arena);
    }
    call->failed = failed;
}
