/*
 * analyse.c - aisle analyse: how a text is understood.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {
    [AISLE_WORD_TYPED] = "word",
    [AISLE_WORD_JOINED] = "joined",
    [AISLE_WORD_PRODUCT] = "product",
};

struct printing {
    bool json;
    unsigned count;
};

/* Text in a column of so many characters: bytes that begin one are counted. */
static void print_column(aisle_bytes text, int width)
{
    int shown = 0;
    for (size_t i = 0; i < text.size; i++) {
        shown += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    }
    printf("%.*s%*s  ", (int)text.size, text.data, shown < width ? width - shown : 0, "");
}

static void print_text(const aisle_word *token)
{
    char places[32];
    snprintf(places, sizeof places, token->words == 1 ? "%u" : "%u-%u", token->position,
             token->position + token->words - 1);
    printf("%-6s %-7s  ", places, kinds[token->kind]);
    print_column(token->text, 20);
    if (token->word.size == token->term.size &&
        memcmp(token->word.data, token->term.data, token->word.size) == 0) {
        printf("%.*s\n", (int)token->word.size, token->word.data);
        return;
    }
    print_column(token->word, 0);
    printf("as %.*s\n", (int)token->term.size, token->term.data);
}

static void print_json(const aisle_word *token, unsigned number)
{
    printf("%s{\"kind\":\"%s\",\"position\":%u,\"parts\":%u,\"text\":", number == 0 ? "{\"words\":[" : ",",
           kinds[token->kind], token->position, token->words);
    output_json_string(token->text);
    printf(",\"word\":");
    output_json_string(token->word);
    printf(",\"term\":");
    output_json_string(token->term);
    printf("}");
}

static void print_token(void *context, const aisle_word *token)
{
    struct printing *printing = context;
    if (printing->json) {
        print_json(token, printing->count);
    } else {
        print_text(token);
    }
    printing->count++;
}

int cli_analyse(int argc, char **argv)
{
    struct printing printing = {.json = false};
    aisle_analyse_options analyse = {.size = sizeof analyse};
    const struct option table[] = {
        {.name = "field", .kind = OPTION_TEXT, .value.text = &analyse.field, .argument = "NAME",
         .help = "as this field's text; default the first of type text"},
        {.name = "product", .kind = OPTION_FLAG, .value.flag = &analyse.product,
         .help = "as a product's, not a query's; products have more"},
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &printing.json, .help = "print one JSON object"},
    };
    const struct options options = {
        .command = "analyse",
        .synopsis = "CATALOG TEXT [--field NAME] [--product] [--json]",
        .about = "Prints how TEXT is understood: each word's number, what stands in the text, the word and, where\n"
                 "that is another one, the term it is looked up as. `joined` are several words as one; `product` is\n"
                 "what only products have, for queries that say less. Operators of queries mean nothing here.",
        .examples = "  aisle analyse shop 'T-shirts 1,5 l RTX 4070'\n"
                    "  aisle analyse shop 'WH-1000XM4/B' --field sku --product\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 2,
        .operands_max = 2,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    aisle *catalog = NULL;
    aisle_error error = {0};
    const aisle_options open = {.size = sizeof open, .read_only = true};
    if (aisle_open(argv[0], &open, &catalog, &error) != 0) {
        return cli_fail("analyse", &error, argv[0]);
    }
    const aisle_bytes text = {argv[1], strlen(argv[1])};
    int failed = aisle_analyse(catalog, text, &analyse, print_token, &printing, &error);
    aisle_close(catalog);
    if (failed != 0) {
        return cli_fail("analyse", &error, NULL);
    }
    if (printing.json) {
        printf("%s]}\n", printing.count == 0 ? "{\"words\":[" : "");
    }
    return cli_finish("analyse");
}
