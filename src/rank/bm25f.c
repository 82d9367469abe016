/*
 * bm25f.c - classes, length codes and the tables of parts. Every constant here ends up in scores or on disk.
 */
#include "rank/rank.h"

#include "rank/bm25f_lanes.h"

#include <math.h>
#include <string.h>

static const double single_ratio[8] = {1, 2, 3, 4, 5, 6, 8, 12};
static const double fields_ratio[8] = {0.2, 0.4, 0.6, 0.9, 1.0, 1.3, 2.0, 3.0};

/*
 * Longest exact length code, then the upper ends of the coarse ones, each a third to a half longer than the one before:
 * titles are told apart to the word, and descriptions of thousands of words from those of hundreds.
 */
#define LENGTH_EXACT 19u
#define LENGTH_COARSE 12u
static const uint32_t coarse_end[LENGTH_COARSE] = {22, 26, 31, 38, 48, 66, 96, 150, 250, 450, 900, UINT32_MAX};

const uint16_t rank_length_halves[32] = {0,  2,  4,  6,  8,  10, 12, 14,  16,  18,  20,  22,  24,   26,  28,  30,
                                         32, 34, 36, 38, 42, 49, 57, 69,  86,  114, 162, 246, 400,  700, 1300, 2600};

void rank_weights_init(struct rank_weights *weights, const struct schema *schema)
{
    uint32_t searchable = 0;
    uint32_t heaviest = 0;
    for (uint8_t i = 0; i < schema->field_count; i++) {
        uint32_t weight = schema->fields[i].weight;
        searchable += schema->fields[i].searchable ? 1 : 0;
        heaviest = schema->fields[i].searchable && weight > heaviest ? weight : heaviest;
    }
    weights->first = schema->first_text < schema->field_count ? schema->fields[schema->first_text].weight : heaviest;
    weights->first = weights->first == 0 ? 100 : weights->first;
    weights->single = searchable <= 1;
}

static uint8_t class_by_frequency(uint32_t frequency)
{
    if (frequency <= 6) {
        return (uint8_t)(frequency - 1);
    }
    return frequency <= 9 ? 6 : 7;
}

uint8_t rank_class(const struct rank_weights *weights, const struct rank_occurrence *occurrence)
{
    if (weights->single) {
        return class_by_frequency(occurrence->frequency);
    }
    uint64_t weight = (uint64_t)occurrence->weight * 100;
    uint64_t first = weights->first;
    if (occurrence->in_first) {
        return weight < 115 * first ? 4 : weight < 150 * first ? 5 : weight < 250 * first ? 6 : 7;
    }
    return weight <= 25 * first ? 0 : weight <= 50 * first ? 1 : weight <= 80 * first ? 2 : 3;
}

uint8_t rank_length_code(const struct rank_weights *weights, uint64_t weighted_length)
{
    uint64_t length = (weighted_length + weights->first / 2) / weights->first;
    if (length <= LENGTH_EXACT) {
        return (uint8_t)length;
    }
    uint8_t step = 0;
    while (length > coarse_end[step] && step < LENGTH_COARSE - 1) {
        step++;
    }
    return (uint8_t)(LENGTH_EXACT + 1 + step);
}

double rank_average_length(const struct rank_statistics *statistics)
{
    double average =
        statistics->products == 0 ? 0.0 : (double)statistics->length_sum / (2.0 * (double)statistics->products);
    return average < 1e-9 ? 1e-9 : average;
}

double rank_idf(const struct rank_statistics *statistics, uint64_t df)
{
    return log(1.0 + ((double)statistics->products - (double)df + 0.5) / ((double)df + 0.5));
}

uint64_t rank_prefix_df(const struct rank_statistics *statistics, uint64_t sum)
{
    uint64_t half = (statistics->products + 1) / 2;
    return sum < half ? sum : half;
}

/* Parts of a class, longest product last. Divisions apart from roundings: so they are done several at once. */
static void fill_class(double top, double wtf, const double norms[RANK_LENGTHS], int32_t parts[RANK_LENGTHS])
{
    double exact[RANK_LENGTHS];
    for (unsigned length = 0; length < RANK_LENGTHS; length++) {
        exact[length] = top * wtf / (wtf + norms[length]);
    }
    for (unsigned length = 0; length < RANK_LENGTHS; length++) {
        parts[length] = exact[length] >= RANK_PART_MAX ? RANK_PART_MAX : (int32_t)llrint(exact[length]);
    }
}

/* Whether every part is at least that of the next length, and at most that of the next class. */
static bool is_monotone(const int32_t part[256])
{
    int wrong = 0;
    for (unsigned class = 0; class < 256; class += RANK_LENGTHS) {
        for (unsigned code = class; code < class + RANK_LENGTH_MASK; code++) {
            wrong |= part[code] < part[code + 1];
        }
    }
    for (unsigned code = 0; code < 256 - RANK_LENGTHS; code++) {
        wrong |= part[code] > part[code + RANK_LENGTHS];
    }
    return wrong == 0;
}

/* The running maximum over dominated codes. */
static void fill_bounds(struct rank_table *table)
{
    for (unsigned class = 0; class < 8; class++) {
        for (int length = (int)RANK_LENGTH_MASK; length >= 0; length--) {
            unsigned code = class << RANK_CLASS_SHIFT | (unsigned)length;
            int32_t bound = table->part[code];
            if (length < (int)RANK_LENGTH_MASK && table->bound[code + 1] > bound) {
                bound = table->bound[code + 1];
            }
            if (class > 0 && table->bound[code - RANK_LENGTHS] > bound) {
                bound = table->bound[code - RANK_LENGTHS];
            }
            table->bound[code] = bound;
        }
    }
}

void rank_table_init(struct rank_table *table, const struct rank_weights *weights,
                     const struct rank_statistics *statistics, uint64_t df)
{
    const double *ratios = weights->single ? single_ratio : fields_ratio;
    double top = RANK_SCALE * rank_idf(statistics, df) * (RANK_K1 + 1);
    double average = rank_average_length(statistics);
    double norms[RANK_LENGTHS];
    double wtf[RANK_CLASSES];
    bool is_ordered;
    for (unsigned length = 0; length < RANK_LENGTHS; length++) {
        norms[length] = RANK_K1 * (1 - RANK_B + RANK_B * (rank_length_halves[length] / 2.0) / average);
    }
    for (unsigned class = 0; class < RANK_CLASSES; class++) {
        wtf[class] = ratios[class] * weights->first / 100.0;
    }
    if (!bm25f_lanes_fill(top, wtf, norms, table->part, &is_ordered)) {
        for (unsigned class = 0; class < RANK_CLASSES; class++) {
            fill_class(top, wtf[class], norms, table->part + class * RANK_LENGTHS);
        }
        is_ordered = is_monotone(table->part);
    }
    /* Rounding could break monotony by one unit, though nobody has seen it do so. */
    if (is_ordered) {
        memcpy(table->bound, table->part, sizeof table->bound);
    } else {
        fill_bounds(table);
    }
}

/* Rounding the products keeps their order, so a bound that was some part's is the scaled part's. */
void rank_table_scale(struct rank_table *table, double share)
{
    for (unsigned code = 0; code < 256; code++) {
        table->part[code] = (int32_t)llrint(table->part[code] * share);
        table->bound[code] = (int32_t)llrint(table->bound[code] * share);
    }
}
