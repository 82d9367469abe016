/*
 * generate_number.c - the generator's arithmetic: table-driven exp2 and log2, the normal distribution, decimal digits.
 *
 * The tables are made with square roots by Newton's method and a short series, basic operations only, so that they
 * are the same everywhere. Thread rule: functions touch only what they are given.
 */
#include "data/generate_private.h"

static double square_root(double x)
{
    double root = x;
    for (int i = 0; i < 60; i++) {
        root = (root + x / root) / 2;
    }
    return root;
}

/* ln(x) for x in 1..2, by the series of the inverse hyperbolic tangent. */
static double natural_log(double x)
{
    double z = (x - 1) / (x + 1);
    double power = z;
    double sum = 0;
    for (int k = 1; k < 60; k += 2) {
        sum += power / k;
        power *= z * z;
    }
    return 2 * sum;
}

void numbers_init(struct numbers *numbers)
{
    double step = 2;
    for (unsigned i = NUMBER_STEPS; i > 1; i /= 2) {
        step = square_root(step);
    }
    numbers->exp2[0] = 1;
    for (unsigned i = 1; i <= NUMBER_STEPS; i++) {
        numbers->exp2[i] = numbers->exp2[i - 1] * step;
    }
    double ln2 = natural_log(2);
    for (unsigned i = 0; i <= NUMBER_STEPS; i++) {
        numbers->log2[i] = natural_log(1 + (double)i / NUMBER_STEPS) / ln2;
    }
}

static double interpolate(const double *table, double fraction)
{
    double place = fraction * NUMBER_STEPS;
    unsigned i = (unsigned)place;
    i = i < NUMBER_STEPS ? i : NUMBER_STEPS - 1;
    return table[i] + (table[i + 1] - table[i]) * (place - i);
}

double numbers_exp2(const struct numbers *numbers, double x)
{
    int64_t whole = (int64_t)x;
    whole -= (double)whole > x;
    uint64_t bits = (uint64_t)(whole + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power * interpolate(numbers->exp2, x - (double)whole);
}

double numbers_log2(const struct numbers *numbers, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t exponent = (int64_t)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    double mantissa;
    memcpy(&mantissa, &bits, sizeof mantissa);
    return (double)exponent + interpolate(numbers->log2, mantissa - 1);
}

/* The number of set bits of 64 is binomial with deviation 4; a uniform draw smooths its steps (variance 1/12). */
double numbers_normal(uint64_t *state)
{
    int bits = __builtin_popcountll(random_next(state));
    return (bits - 32 + random_unit(state) - 0.5) / 4.010403;
}

void text_put_number(struct text *text, uint64_t value, unsigned digits)
{
    char scratch[20];
    unsigned n = 0;
    do {
        scratch[sizeof scratch - ++n] = (char)('0' + value % 10);
        value /= 10;
    } while ((value != 0 || n < digits) && n < sizeof scratch);
    text_put(text, scratch + sizeof scratch - n, n);
}
