/*
 * processor.c - asking cpuid for what the compiler's test has no name for.
 */
#include "base/processor.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <stdatomic.h>
#include <stdint.h>

#define CPUID_FEATURES 7u            /* leaf */
#define CPUID_AVX512_FP16 (1u << 23) /* in EDX */

/* The compiler's test asks whether the system saves the wide registers, too. */
static bool ask(void)
{
    uint32_t eax, ebx, ecx, edx;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("popcnt") &&
           __builtin_cpu_supports("avx2") && __get_cpuid_count(CPUID_FEATURES, 0, &eax, &ebx, &ecx, &edx) != 0 &&
           (edx & CPUID_AVX512_FP16) != 0;
}

bool processor_fits_avx512(void)
{
    enum { UNKNOWN, FITS_NOT, FITS };
    static atomic_int known;
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (answer == UNKNOWN) {
        answer = ask() ? FITS : FITS_NOT;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == FITS;
}

#else

bool processor_fits_avx512(void)
{
    return false;
}

#endif
