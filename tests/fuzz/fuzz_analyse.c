/*
 * fuzz_analyse.c - any bytes through the analyser, in English and in a language chosen by the first byte; as a query,
 * as a product's text and as a part number.
 *
 * Whatever comes in, tokens are sound: terms not empty, at most LIMIT_TERM_BYTES and valid UTF-8, words at positions
 * 0, 1, 2, ..., ranges inside the text, joined tokens right behind their parts, extra ones of products only and within
 * the words; a product has the tokens of the same text as a query, and more; and folding twice is folding once.
 */
#include "base/alloc.h"
#include "base/utf8.h"
#include "text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        __builtin_trap();
    }
}

static void check_joined(const struct token_list *list, size_t i)
{
    const struct token *token = &list->tokens[i];
    require(token->parts >= 2 && token->parts <= 4 && i >= token->parts);
    const struct token *first = &list->tokens[i - token->parts];
    require(first->kind == TOKEN_WORD && first->position == token->position && first->start == token->start);
    require(list->tokens[i - 1].kind == TOKEN_WORD && list->tokens[i - 1].end == token->end);
}

static void check_extra(const struct token_list *list, const struct token *token)
{
    require(token->kind == TOKEN_EXTRA && token->parts >= 1 && token->parts <= 4);
    require(list->cut || token->position + token->parts <= list->length);
}

static void check_list(const struct token_list *list, size_t text_size, bool product)
{
    uint32_t length = 0;
    require(list->count <= LIMIT_TOKENS_FIELD && list->length <= list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        require(token->term.size > 0 && token->term.size <= LIMIT_TERM_BYTES && utf8_valid(token->term, NULL));
        require(token->folded.size > 0 && token->folded.size <= LIMIT_TERM_BYTES && utf8_valid(token->folded, NULL));
        require(token->start < token->end && token->end <= text_size);
        if (token->kind == TOKEN_JOINED) {
            if (!product) {
                check_joined(list, i);
            }
        } else if (product && token->kind != TOKEN_WORD) {
            check_extra(list, token);
        } else {
            require(token->kind == TOKEN_WORD && token->parts == 1 && token->position == length);
            length++;
        }
    }
    require(length == list->length);
}

static void check_fold(struct analyser *analyser, struct bytes text)
{
    struct bytes folded;
    require(analyser_fold(analyser, text, &folded) == 0 && utf8_valid(folded, NULL));
    if (folded.size > LIMIT_PRODUCT_BYTES) {
        return;
    }
    uint8_t *kept = mem_alloc(folded.size);
    require(kept != NULL);
    memcpy(kept, folded.data, folded.size);
    size_t kept_size = folded.size;
    require(analyser_fold(analyser, bytes_of(kept, kept_size), &folded) == 0);
    require(bytes_equal(folded, bytes_of(kept, kept_size)));
    mem_free(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct analyser *analyser; /* one for all inputs: making the tables costs more than most inputs */
    struct token_list list;
    uint8_t english;
    if (size == 0 || size > LIMIT_PRODUCT_BYTES) {
        return 0;
    }
    struct bytes text = bytes_of(data + 1, size - 1);
    require(text_language_find("english", &english) == 0);
    require(analyser != NULL || analyser_new(&analyser) == 0);
    require(analyser_run(analyser, text, english, &list) == 0);
    check_list(&list, text.size, false);
    uint32_t length = list.length;
    bool cut = list.cut;
    require(analyser_run_product(analyser, text, english, (data[0] & 1) != 0, &list) == 0);
    check_list(&list, text.size, true);
    require(cut || list.cut || list.length == length);
    int status = analyser_run(analyser, text, data[0] % 33, &list); /* not all numbers are in every libstemmer */
    require(status == 0 || status == AISLE_INVALID);
    check_list(&list, text.size, false);
    check_fold(analyser, text);
    return 0;
}
