/* What the first convolution reads: weights in the order of their use, the image with a border. */
#include "common.h"

#include <string.h>

int first_create(first *f, const float *weights, const float *bias) {
    f->weights = big_alloc(sizeof(float) * FIRST_TAPS * FIRST_OUT);
    f->bias = big_alloc(sizeof(float) * FIRST_OUT);
    if (!f->weights || !f->bias)
        return 0;
    for (int o = 0; o < FIRST_OUT; o++)
        for (int tap = 0; tap < FIRST_TAPS; tap++)
            f->weights[tap * FIRST_OUT + o] = weights[o * FIRST_TAPS + tap];
    memcpy(f->bias, bias, sizeof(float) * FIRST_OUT);
    return 1;
}

void first_destroy(first *f) {
    big_free(f->weights, sizeof(float) * FIRST_TAPS * FIRST_OUT);
    big_free(f->bias, sizeof(float) * FIRST_OUT);
}

void first_take(const float *image, float *padded) {
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < IMAGE_SIDE; y++)
            memcpy(padded + c * FIRST_PLANE + (y + 1) * FIRST_PITCH + 1,
                   image + (c * IMAGE_SIDE + y) * IMAGE_SIDE, sizeof(float) * IMAGE_SIDE);
}
