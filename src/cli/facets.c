/*
 * facets.c - the facets of an answer, for people with bars, or as JSON.
 */
#include "cli/facets.h"

#include "cli/output.h"

#include <stdio.h>
#include <string.h>

#define BAR_CELLS 20u
#define COLUMN_MAX 40u

static void print_text(const char *name, aisle_bytes text)
{
    printf(",\"%s\":", name);
    output_json_string(text);
}

/* Numbers as they are, with all their digits; bools and dates as strings. */
static void print_figure(const char *name, aisle_bytes text)
{
    bool is_number = text.size != 0;
    for (size_t i = 0; i < text.size; i++) {
        is_number = is_number && strchr("+-.eE0123456789", text.data[i]) != NULL;
    }
    if (is_number) {
        printf("%s:%.*s", name, (int)text.size, text.data);
    } else {
        printf("%s:", name);
        output_json_string(text);
    }
}

static void print_stats_json(const aisle_facet *facet)
{
    if (facet->min.size != 0) {
        print_figure(",\"stats\":{\"min\"", facet->min);
        print_figure(",\"max\"", facet->max);
        if (facet->sum.size != 0) {
            print_figure(",\"sum\"", facet->sum);
        }
        printf(",\"mean\":%.17g}", facet->mean);
    }
}

void facets_print_json(const aisle_result *result)
{
    aisle_facet facet;
    aisle_facet_value value;
    for (size_t i = 0; aisle_result_facet(result, i, &facet) == 0; i++) {
        printf("%s{\"field\":", i == 0 ? ",\"facets\":[" : ",");
        output_json_string(facet.field);
        printf(",\"distinct\":%llu,\"products\":%llu,\"missing\":%llu,\"sampled\":%s",
               (unsigned long long)facet.distinct, (unsigned long long)facet.products,
               (unsigned long long)facet.missing, facet.sampled ? "true" : "false");
        print_stats_json(&facet);
        printf(",\"values\":[");
        for (size_t k = 0; aisle_result_facet_value(result, i, k, &value) == 0; k++) {
            printf("%s{\"value\":", k == 0 ? "" : ",");
            output_json_string(value.value);
            if (value.from.size != 0) {
                print_text("from", value.from);
            }
            if (value.to.size != 0) {
                print_text("to", value.to);
            }
            printf(",\"count\":%llu}", (unsigned long long)value.count);
        }
        printf("]}");
    }
    if (aisle_result_facet(result, 0, &facet) == 0) {
        printf("]");
    }
}

/* Characters that text takes on a terminal, as far as code points tell. */
static unsigned width_of(aisle_bytes text)
{
    unsigned width = 0;
    for (size_t i = 0; i < text.size; i++) {
        width += ((unsigned char)text.data[i] & 0xc0) != 0x80 ? 1u : 0u;
    }
    return width;
}

static void print_head(const aisle_facet *facet)
{
    char number[OUTPUT_NUMBER_BYTES];
    printf("\n%.*s", (int)facet->field.size, facet->field.data);
    if (facet->min.size != 0) {
        printf("  %.*s to %.*s, mean %.6g", (int)facet->min.size, facet->min.data, (int)facet->max.size,
               facet->max.data, facet->mean);
        if (facet->sum.size != 0) {
            printf(", sum %.*s", (int)facet->sum.size, facet->sum.data);
        }
    }
    if (facet->distinct > facet->value_count) {
        printf("  (%zu of %s)", facet->value_count, output_number(facet->distinct, number));
    }
    if (facet->missing != 0) {
        printf("  %s without", output_number(facet->missing, number));
    }
    printf("%s\n", facet->sampled ? "  estimated from a sample" : "");
}

static void print_value(const aisle_facet_value *value, unsigned column, uint64_t most)
{
    char number[OUTPUT_NUMBER_BYTES];
    char bar[BAR_CELLS + 1];
    unsigned width = width_of(value->value);
    unsigned cells = most == 0 ? 0 : (unsigned)((double)value->count / (double)most * BAR_CELLS + 0.5);
    for (unsigned i = 0; i < cells; i++) {
        bar[i] = '#';
    }
    bar[cells] = '\0';
    printf("  %.*s%*s  %12s  %s\n", (int)value->value.size, value->value.data,
           width < column ? (int)(column - width) : 0, "", output_number(value->count, number), bar);
}

void facets_print(const aisle_result *result)
{
    aisle_facet facet;
    aisle_facet_value value;
    for (size_t i = 0; aisle_result_facet(result, i, &facet) == 0; i++) {
        unsigned column = 0;
        uint64_t most = 0;
        for (size_t k = 0; aisle_result_facet_value(result, i, k, &value) == 0; k++) {
            unsigned width = width_of(value.value);
            column = width > column ? width : column;
            most = value.count > most ? value.count : most;
        }
        column = column < COLUMN_MAX ? column : COLUMN_MAX;
        print_head(&facet);
        for (size_t k = 0; aisle_result_facet_value(result, i, k, &value) == 0; k++) {
            print_value(&value, column, most);
        }
    }
}
