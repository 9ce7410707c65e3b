/* The matrix products' inner loop, after K. Goto and R. van de Geijn, "Anatomy of High-Performance
 * Matrix Multiplication", 2008: PANEL tiles x OUTPUTS stay in registers, 28 of 32 where these hold 16
 * floats, 12 of 16 where they hold 8, and each step loads 2 vectors of weights and PANEL broadcast
 * numbers for 2 PANEL fused multiply-adds, so that two of these can start in every cycle. Inputs lie
 * 64 bytes apart, hence constant offsets throughout. */
#include "lanes.h"
#include "winograd.h"

enum { PANEL = WIDTH == LANES ? 14 : 6 };

INLINE void panel(int count, int blocks, const float *inputs, size_t input_block,
                  const float *weights, float *products, size_t product_block, const float *ahead,
                  int lines) {
    vec sum[PANEL][2];
#pragma GCC unroll 14
    for (int i = 0; i < count; i++)
        sum[i][0] = sum[i][1] = zero();
    for (int block = 0; block < blocks; block++, inputs += input_block) {
        for (int i = 0; i < lines; i++, ahead += LANES)
            _mm_prefetch(ahead, _MM_HINT_T1);
#pragma GCC unroll 4
        for (int c = 0; c < LANES; c++, weights += OUTPUTS) {
            vec w0 = load(weights), w1 = load(weights + WIDTH);
            for (int o = 0; o < OUTPUTS; o += LANES)
                _mm_prefetch(weights + LANES * OUTPUTS + o, _MM_HINT_T0);
#pragma GCC unroll 14
            for (int i = 0; i < count; i++) {
                vec value = all(inputs[i * LANES + c]);
                sum[i][0] = add_product(value, w0, sum[i][0]);
                sum[i][1] = add_product(value, w1, sum[i][1]);
            }
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < count; i++) {
        store(products + i * LANES, sum[i][0]);
        store(products + SECOND(product_block) + i * LANES, sum[i][1]);
    }
}

static void multiply(int count, int blocks, const float *inputs, size_t input_block,
                     const float *weights, float *products, size_t product_block,
                     const float *ahead, int lines) {
#define CASE(N)                                                                                    \
    case N:                                                                                        \
        panel(N, blocks, inputs, input_block, weights, products, product_block, ahead, lines);     \
        break;
    switch (count) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if WIDTH == 16
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
    }
}
