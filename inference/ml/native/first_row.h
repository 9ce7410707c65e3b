/* The first convolution, 3 to 64 channels: 27 products per output, directly, STRIP pixels x OUTPUTS in
 * registers at a time; see lanes.h. */
#include "common.h"
#include "lanes.h"

enum { PLANE = FIRST_PLANE, STRIP = WIDTH == LANES ? 14 : 4 };

/* Of a tap in the padded image. One loop over a table: with three nested ones GCC 12 keeps
 * neighbours' broadcasts for reuse, and spills the sums. */
#define ROW(C, Y) (C) * PLANE + (Y) * FIRST_PITCH
#define ROW_OF_TAPS(C, Y) ROW(C, Y), ROW(C, Y) + 1, ROW(C, Y) + 2
#define CHANNEL(C) ROW_OF_TAPS(C, 0), ROW_OF_TAPS(C, 1), ROW_OF_TAPS(C, 2)
static const int OFFSETS[FIRST_TAPS] = {CHANNEL(0), CHANNEL(1), CHANNEL(2)};

/* OUTPUTS of neighbouring pixels, in blocks of 16 channels; `image` is the upper left of the first
 * pixel's 3x3 field. */
INLINE void strip(const float *image, const float *weights, const float *bias, float *to,
                  size_t block) {
    vec sum[STRIP][2];
    for (int i = 0; i < STRIP; i++) {
        sum[i][0] = load(bias);
        sum[i][1] = load(bias + WIDTH);
    }
    for (int tap = 0; tap < FIRST_TAPS; tap++, weights += FIRST_OUT) {
        const float *row = image + OFFSETS[tap];
        vec w0 = load(weights), w1 = load(weights + WIDTH);
#pragma GCC unroll 14
        for (int i = 0; i < STRIP; i++) {
            vec value = all(row[i]);
            sum[i][0] = add_product(value, w0, sum[i][0]);
            sum[i][1] = add_product(value, w1, sum[i][1]);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < STRIP; i++) {
        store(to + i * LANES, larger(zero(), sum[i][0]));
        store(to + SECOND(block) + i * LANES, larger(zero(), sum[i][1]));
    }
}

static void first_row(const first *f, const float *padded, int y, float *to, size_t block) {
    for (int x = 0; x < IMAGE_SIDE; x += STRIP) {
        const float *field = padded + y * FIRST_PITCH + x;
        for (int o = 0; o < FIRST_OUT; o += OUTPUTS)
            strip(field, f->weights + o, f->bias + o, to + (size_t)(o / LANES) * block + x * LANES,
                  block);
    }
}
