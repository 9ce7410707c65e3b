/* The first convolution, 3 to 64 channels: 27 products per output, directly, 14 pixels x 32 outputs
 * in 28 registers at a time. */
#pragma GCC target("avx512f")
#include "common.h"

#include <immintrin.h>
#include <string.h>

enum { PLANE = FIRST_PLANE, TAPS = 27, STRIP = 14 };

/* Of a tap in the padded image. One loop over a table: with three nested ones GCC 12 keeps
 * neighbours' broadcasts for reuse, and spills the sums. */
#define ROW(C, Y) (C) * PLANE + (Y) * FIRST_PITCH
#define ROW_OF_TAPS(C, Y) ROW(C, Y), ROW(C, Y) + 1, ROW(C, Y) + 2
#define CHANNEL(C) ROW_OF_TAPS(C, 0), ROW_OF_TAPS(C, 1), ROW_OF_TAPS(C, 2)
static const int OFFSETS[TAPS] = {CHANNEL(0), CHANNEL(1), CHANNEL(2)};

int first_create(first *f, const float *weights, const float *bias) {
    f->weights = big_alloc(sizeof(float) * TAPS * FIRST_OUT);
    f->bias = big_alloc(sizeof(float) * FIRST_OUT);
    if (!f->weights || !f->bias)
        return 0;
    for (int o = 0; o < FIRST_OUT; o++)
        for (int tap = 0; tap < TAPS; tap++)
            f->weights[tap * FIRST_OUT + o] = weights[o * TAPS + tap];
    memcpy(f->bias, bias, sizeof(float) * FIRST_OUT);
    return 1;
}

void first_destroy(first *f) {
    big_free(f->weights, sizeof(float) * TAPS * FIRST_OUT);
    big_free(f->bias, sizeof(float) * FIRST_OUT);
}

/* 32 outputs of 14 neighbouring pixels, in two blocks of 16 channels; `image` is the upper left of
 * the first pixel's 3x3 field. */
static void strip_32(const float *image, const float *weights, const float *bias, float *to,
                     size_t block) {
    __m512 sum[STRIP][2];
    for (int i = 0; i < STRIP; i++) {
        sum[i][0] = _mm512_load_ps(bias);
        sum[i][1] = _mm512_load_ps(bias + LANES);
    }
    for (int tap = 0; tap < TAPS; tap++, weights += FIRST_OUT) {
        const float *row = image + OFFSETS[tap];
        __m512 w0 = _mm512_load_ps(weights), w1 = _mm512_load_ps(weights + LANES);
#pragma GCC unroll 14
        for (int i = 0; i < STRIP; i++) {
            __m512 value = _mm512_set1_ps(row[i]);
            sum[i][0] = _mm512_fmadd_ps(value, w0, sum[i][0]);
            sum[i][1] = _mm512_fmadd_ps(value, w1, sum[i][1]);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < STRIP; i++) {
        _mm512_store_ps(to + i * LANES, _mm512_max_ps(_mm512_setzero_ps(), sum[i][0]));
        _mm512_store_ps(to + block + i * LANES, _mm512_max_ps(_mm512_setzero_ps(), sum[i][1]));
    }
}

void first_take(const float *image, float *padded) {
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < IMAGE_SIDE; y++)
            memcpy(padded + c * PLANE + (y + 1) * FIRST_PITCH + 1,
                   image + (c * IMAGE_SIDE + y) * IMAGE_SIDE, sizeof(float) * IMAGE_SIDE);
}

void first_row(const first *f, const float *padded, int y, float *to, size_t block) {
    for (int x = 0; x < IMAGE_SIDE; x += STRIP) {
        const float *field = padded + y * FIRST_PITCH + x;
        strip_32(field, f->weights, f->bias, to + x * LANES, block);
        strip_32(field, f->weights + 32, f->bias + 32, to + x * LANES + 2 * block, block);
    }
}
