/*
 * language.c - the numbers of languages. A number keeps its language whatever libstemmer is in use, so that it may be
 * stored; a new algorithm of libstemmer is appended here. The last three are of libstemmer 3. Stemming itself is
 * stem.c's. Thread rule: any thread, nothing is written.
 */
#include "base/status.h"
#include "text/stem.h"
#include "text/text.h"

#include <libstemmer.h>

static const char *const languages[LANGUAGE_COUNT] = {
    "none", "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english", "finnish", "french", "german",
    "greek", "hindi", "hungarian", "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian", "porter",
    "portuguese", "romanian", "russian", "serbian", "spanish", "swedish", "tamil", "turkish", "yiddish",
    "esperanto", "estonian", "dutch_porter",
};

const char *text_language_name(uint8_t language)
{
    return language < LANGUAGE_COUNT ? languages[language] : NULL;
}

int text_language_find(const char *name, uint8_t *language)
{
    *language = LANGUAGE_NONE;
    if (strcmp(name, languages[LANGUAGE_NONE]) == 0) {
        return 0;
    }
    const char *const *present = (const char *const *)sb_stemmer_list();
    while (*present != NULL && strcmp(*present, name) != 0) {
        present++;
    }
    for (uint8_t i = 1; *present != NULL && i < LANGUAGE_COUNT; i++) {
        if (strcmp(name, languages[i]) == 0) {
            *language = i;
            return 0;
        }
    }
    return AISLE_NOT_FOUND;
}
