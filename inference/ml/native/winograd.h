/* Winograd's minimal filtering for 3x3 convolutions (A. Lavin and S. Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2016): F(m) computes m x m outputs from (m+2) x (m+2) inputs with
 * (m+2)^2 products instead of 9 m^2, as (m+2)^2 independent matrix products over the channels. */
#ifndef WINOGRAD_H
#define WINOGRAD_H

#include "common.h"

enum { MAX_SIDE = 8, MAX_POINTS = MAX_SIDE * MAX_SIDE };

typedef struct {
    int out, in; /* m and m + 2 */
    /* A tile of 16 channels, NHWC16: to point p's 16 values at target + p * stride. */
    void (*input)(const float *tile, size_t row, float *target, size_t stride);
    void (*split)(const float *tile, size_t row, float *target, size_t stride); /* for AMX */
    /* The reverse, with bias and ReLU, to out x out vectors. */
    void (*output)(const float *products, size_t stride, const float *bias, float *tile);
    const double (*filter)[3]; /* G, in x 3 */
} method;

extern const double G2[4][3], G4[6][3], G6[8][3];

enum { F2, F4, F6, METHODS };

/* What is written for an instruction set (kernels_avx2.c, kernels_avx512.c). */
typedef struct {
    int panel, outputs; /* multiply()'s most tiles, and its outputs */
    method methods[METHODS];
    /* products[i][o] = sum over c of inputs[i][c] * weights[c][o], for i < count <= panel.
     * inputs: channel blocks of 16 at a distance of `input_block` floats, in each 16 floats a tile;
     * weights: `outputs` floats a channel; products: blocks of 16 outputs, `product_block` apart.
     * Meanwhile the `lines` cache lines at `ahead` per channel block are fetched into the
     * second-level cache, for the next call but a few: the hardware's own look-ahead ends at each
     * page. */
    void (*multiply)(int count, int blocks, const float *inputs, size_t input_block,
                     const float *weights, float *products, size_t product_block,
                     const float *ahead, int lines);
    /* Of the first layer, row y, bias and ReLU done, as four blocks of 16 channels that are `block`
     * floats apart. */
    void (*first_row)(const first *, const float *padded, int y, float *to, size_t block);
} kernels;

extern const kernels AVX512_KERNELS, AVX2_KERNELS;

/* One 3x3 filter to in x in values, in double precision before the last rounding. */
void transform_filter(const method *, const float *filter, float *points);

/* --- The same products on AMX (winograd_amx.c), every number as the sum of two bfloat16 --- */

enum { GROUP = 16, PAIR = 32 }; /* tiles in an AMX register; outputs in a pair of them */

int amx_available(void); /* asks the kernel for the tile registers' use, once in a process */
void amx_begin(void);    /* configure this thread's tile registers, and give them back */
void amx_end(void);

/* As AVX-512's multiply(), for one or two groups of 16 tiles; a block of 32 channels lies at
 * inputs + offsets[block], a tile a line of 32 high parts and a line of 32 low ones. */
void multiply_amx(int groups, int blocks, const float *inputs, const int *offsets,
                  const float *weights, float *products, size_t product_block, const float *ahead,
                  int lines);

/* 16 channels of a pixel to half of such lines. */
void split_16(const float *pixel, float *target);

/* A slab of weights (in, 32) in the order that multiply_amx() reads. */
void pack_amx(float *slab, int in, int out, float value);

#endif
