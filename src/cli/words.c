/*
 * words.c - notes about words as JSON and as lines.
 */
#include "cli/words.h"

#include "cli/cli.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>

bool words_match(const char *text, int *match)
{
    static const char *const names[] = {"all", "relaxed", "any"};
    for (int i = 0; text != NULL && i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *match = i;
            return true;
        }
    }
    *match = AISLE_MATCH_ALL;
    if (text != NULL) {
        return false;
    }
    return true;
}

/* The member of the answer that a note stands in. */
static const char *member_of(const aisle_note *note)
{
    switch (note->kind) {
    case AISLE_NOTE_DROPPED:
    case AISLE_NOTE_EITHER:
        return "relaxed";
    case AISLE_NOTE_UNDERSTOOD:
        return "understood";
    default:
        return "words";
    }
}

static void print_note(const aisle_note *note)
{
    printf("{\"by\":\"%s\",\"typed\":", aisle_note_name(note->kind));
    output_json_string(note->typed);
    if (note->used.size != 0) {
        printf(",\"used\":");
        output_json_string(note->used);
    }
    printf("}");
}

static void print_array(const aisle_result *result, const char *name)
{
    aisle_note note;
    bool any = false;
    for (size_t i = 0; aisle_result_note(result, i, &note) == 0; i++) {
        if (strcmp(member_of(&note), name) == 0) {
            printf(any ? "," : "\"%s\":[", name);
            print_note(&note);
            any = true;
        }
    }
    printf("%s", any ? "]," : "");
}

void words_print_json(const aisle_result *result)
{
    aisle_bytes corrected = aisle_result_corrected(result);
    if (corrected.size != 0) {
        printf("\"corrected\":");
        output_json_string(corrected);
        printf(",");
    }
    print_array(result, "words");
    print_array(result, "understood");
    print_array(result, "relaxed");
}

static void print_text(aisle_bytes text)
{
    printf("%.*s", (int)text.size, text.data);
}

void words_print(const aisle_result *result)
{
    aisle_bytes corrected = aisle_result_corrected(result);
    aisle_note note;
    if (corrected.size != 0) {
        printf("Showing ");
        print_text(corrected);
        printf("\n");
    }
    for (size_t i = 0; aisle_result_note(result, i, &note) == 0; i++) {
        if (note.kind == AISLE_NOTE_DROPPED) {
            printf("Without ");
            print_text(note.typed);
            printf("\n");
        } else if (note.kind == AISLE_NOTE_UNDERSTOOD) {
            printf("Only ");
            print_text(note.used);
            printf("\n");
        } else if (note.kind == AISLE_NOTE_EITHER) {
            printf("Any of the words\n");
        }
    }
}
