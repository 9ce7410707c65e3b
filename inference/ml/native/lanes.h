/* Floats as the registers of one instruction set hold them. A file chooses the set (GCC's target)
 * and WIDTH, 8 or 16 floats, and includes this before the kernels. Pixels have blocks of LANES
 * channels whatever WIDTH is: one register, or two beside each other. */
#ifndef LANES_H
#define LANES_H

#include <immintrin.h>

#if WIDTH == 16
typedef __m512 vec;
#define load(from) _mm512_load_ps(from)
#define store(to, value) _mm512_store_ps(to, value)
#define zero() _mm512_setzero_ps()
#define all(value) _mm512_set1_ps(value)
#define add_product(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#define larger(a, b) _mm512_max_ps(a, b)
#else
typedef __m256 vec;
#define load(from) _mm256_load_ps(from)
#define store(to, value) _mm256_store_ps(to, value)
#define zero() _mm256_setzero_ps()
#define all(value) _mm256_set1_ps(value)
#define add_product(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#define larger(a, b) _mm256_max_ps(a, b)
#endif

#define INLINE static inline __attribute__((always_inline))

/* Products come in pairs of registers: of outputs that follow one another, or lie a block apart. */
#define OUTPUTS (2 * WIDTH)
#define SECOND(block) (WIDTH == LANES ? (block) : WIDTH)

#endif
