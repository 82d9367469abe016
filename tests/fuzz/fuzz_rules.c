/*
 * fuzz_rules.c - any bytes as files of synonyms and stop words, parted by the first NUL, and as text with prices.
 *
 * Whatever stands there is read or refused with a line; what was read is found by its own left sides.
 */
#include "rewrite/price.h"
#include "rewrite/rules.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_prices(struct bytes text)
{
    struct price_phrase phrase;
    size_t at = 0;
    while (at < text.size && price_find(text, at, &phrase)) {
        require(phrase.start >= at && phrase.start < phrase.end && phrase.end <= text.size);
        require(strlen(phrase.low) < PRICE_NUMBER_BYTES && strlen(phrase.high) < PRICE_NUMBER_BYTES);
        require(phrase.low[0] != '\0' || phrase.high[0] != '\0');
        at = phrase.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *schema;
    static struct analyser *analyser;
    if (schema == NULL) {
        require(schema_default(&schema) == 0 && analyser_new(&analyser) == 0);
    }
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    size_t first = end == NULL ? size : (size_t)(end - data);
    struct bytes rest = end == NULL ? bytes_of(data, 0) : bytes_of(end + 1, size - first - 1);
    struct rules_source source = {.synonyms = bytes_of(data, first),
                                  .stop_words = rest,
                                  .has_stop_words = end != NULL,
                                  .synonyms_name = "synonyms.txt",
                                  .stop_words_name = "stopwords.txt",
                                  .schema = schema,
                                  .analyser = analyser};
    struct rules *rules = NULL;
    aisle_error error;
    int status = rules_read(&source, &rules, &error);
    require(status == 0 ? rules != NULL : rules == NULL && error.message[0] != '\0');
    if (status == 0) {
        require(rules_words_max(rules) <= LIMIT_SYNONYM_WORDS && rules_synonym_count(rules) <= LIMIT_SYNONYMS);
        rules_free(rules);
    }
    if (size != 0 && size <= LIMIT_QUERY_BYTES) {
        check_prices(bytes_of(data, size));
    }
    return 0;
}
