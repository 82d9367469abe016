/*
 * stop_words.c - the lists.
 */
#include "rewrite/stop_words.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *language;
    const char *words;
} lists[] = {
    {"english", "a an and at by for from in of on or the to with"},
    {"porter", "a an and at by for from in of on or the to with"},
    {"german", "der die das den dem des ein eine einen einem einer eines und oder fur mit von vom zum zur im am"},
    {"german2", "der die das den dem des ein eine einen einem einer eines und oder fur mit von vom zum zur im am"},
    {"french", "le la les un une des du de et ou a au aux pour avec en sur par dans"},
    {"spanish", "el la los las un una unos unas y o de del al para con en por"},
    {"italian", "il lo la i gli le un uno una e o di del della dei delle per con in da al alla"},
    {"portuguese", "o a os as um uma uns umas e ou de do da dos das para com em por no na"},
    {"dutch", "de het een en of voor met van in op te"},
    {"danish", "en et den det de og eller til med af i pa for"},
    {"norwegian", "en ei et den det de og eller til med av i pa for"},
    {"swedish", "en ett den det de och eller till med av i pa for"},
};

const char *stop_words_of(const char *language)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(lists[i].language, language) == 0) {
            return lists[i].words;
        }
    }
    return "";
}
