/* The matrix products' inner loop, after K. Goto and R. van de Geijn, "Anatomy of High-Performance
 * Matrix Multiplication", 2008: 14 tiles x 32 outputs stay in 28 of the 32 registers, and each step
 * loads 2 vectors of weights and 14 broadcast numbers for 28 fused multiply-adds, so that two of
 * these can start in every cycle. Inputs lie 64 bytes apart, hence constant offsets throughout. */
#pragma GCC target("avx512f")
#include "winograd.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

INLINE void panel(int count, int blocks, const float *inputs, size_t input_block,
                  const float *weights, float *products, size_t product_block, const float *ahead,
                  int lines) {
    __m512 sum[PANEL][2];
#pragma GCC unroll 14
    for (int i = 0; i < count; i++)
        sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    for (int block = 0; block < blocks; block++, inputs += input_block) {
        for (int i = 0; i < lines; i++, ahead += 16)
            _mm_prefetch(ahead, _MM_HINT_T1);
#pragma GCC unroll 4
        for (int c = 0; c < 16; c++, weights += PAIR) {
            __m512 w0 = _mm512_load_ps(weights), w1 = _mm512_load_ps(weights + 16);
            _mm_prefetch(weights + 16 * PAIR, _MM_HINT_T0);
            _mm_prefetch(weights + 16 * PAIR + 16, _MM_HINT_T0);
#pragma GCC unroll 14
            for (int i = 0; i < count; i++) {
                __m512 value = _mm512_set1_ps(inputs[i * 16 + c]);
                sum[i][0] = _mm512_fmadd_ps(value, w0, sum[i][0]);
                sum[i][1] = _mm512_fmadd_ps(value, w1, sum[i][1]);
            }
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < count; i++) {
        _mm512_store_ps(products + i * 16, sum[i][0]);
        _mm512_store_ps(products + product_block + i * 16, sum[i][1]);
    }
}

void multiply(int count, int blocks, const float *inputs, size_t input_block, const float *weights,
              float *products, size_t product_block, const float *ahead, int lines) {
#define CASE(N)                                                                                    \
    case N:                                                                                        \
        panel(N, blocks, inputs, input_block, weights, products, product_block, ahead, lines);     \
        break;
    switch (count) {
        CASE(1)
        CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
            CASE(13) CASE(14)
    }
}
