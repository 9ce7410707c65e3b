/* The kernels of processors with AVX-512, and what AMX needs beside them. */
#pragma GCC target("avx512f,avx512bf16")
#define WIDTH 16
#include "first_row.h"
#include "winograd_multiply.h"
#include "winograd_transforms.h"

/* A number as the sum of two bfloat16: 16 high parts to a line's half, 16 low parts a line on. */
INLINE void store_split(float *target, vec value) {
    __m512i rounded = _mm512_add_epi32(_mm512_castps_si512(value), _mm512_set1_epi32(0x8000));
    vec high = _mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32(-0x10000)));
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(value - high, high);
    _mm256_store_si256((__m256i *)target, _mm512_castsi512_si256(both));
    _mm256_store_si256((__m256i *)(target + LANES), _mm512_extracti64x4_epi64(both, 1));
}

TO_POINTS(split2, 4, 2, store_split)
TO_POINTS(split4, 6, 4, store_split)
TO_POINTS(split6, 8, 6, store_split)

void split_16(const float *pixel, float *target) { store_split(target, load(pixel)); }

const kernels AVX512_KERNELS = {
    PANEL,
    OUTPUTS,
    {
        {2, 4, plain2, split2, output2, G2},
        {4, 6, plain4, split4, output4, G4},
        {6, 8, plain6, split6, output6, G6},
    },
    multiply,
    first_row,
};
