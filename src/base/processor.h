/*
 * processor.h - which kernels this machine's processor should run, where the compiler's own test does not tell.
 *
 * Kernels with AVX2 are taken where __builtin_cpu_supports says that the processor has it; those with AVX-512 where
 * processor_fits_avx512 does.
 *
 * Thread rule: any thread.
 */
#ifndef AISLE_BASE_PROCESSOR_H
#define AISLE_BASE_PROCESSOR_H

#include <stdbool.h>

/*
 * Whether the processor has AVX-512 F, BW and VBMI2 with POPCNT and AVX2, the system saves its registers, and it has
 * AVX512-FP16, too, as a mark of its age: earlier ones lower their clock for AVX-512, and have slow gathers. Asked of
 * the processor once, since cpuid is slow where a hypervisor answers it.
 */
bool processor_fits_avx512(void);

#endif
