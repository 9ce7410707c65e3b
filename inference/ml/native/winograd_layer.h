/* A layer as winograd.c sets it up and winograd_layer.c runs it.
 *
 * It is run in one of four orders. OWN: a thread takes a block of tiles through all three steps, so
 * that the transformed inputs and the products stay in its second-level cache, and the transformed
 * weights stream past once a block. SHARED, for the deep layers, whose weights are tens of
 * megabytes and whose tiles are few: each step is divided among the threads, the products by point,
 * so that every weight is read once. ROWS: as OWN, but a block is a row of tiles, and its input,
 * the first layer's output, is made when it is wanted. DIRECT, on AMX only, for the smallest
 * layers, where even the weights of F(2) take longer to fetch than plain products take: no
 * transforms, the nine taps are nine times as many channels. A row of 14 pixels and its border are
 * a group of 16. */
#ifndef WINOGRAD_LAYER_H
#define WINOGRAD_LAYER_H

#include "common.h"
#include "winograd.h"

typedef enum { NONE, ROWS, OWN, SHARED, DIRECT } order;

/* Activations: blocks of 16 channels, each a square with a border of zeros that nothing writes to,
 * wide enough for the tiles that stick out over the edge. */
typedef struct {
    float *data;
    int channels, height, pitch;
} planes;

typedef struct {
    shape shape;
    const method *f;
    order order;
    int row_tiles, tiles, unit; /* unit: a block's tiles come in so many */
    int blocks, most;           /* of tiles; tiles in the largest one, or in the layer */
    int outputs;                /* that the products' inner loop makes at a time */
    int parts;                  /* of a point's outputs, as few as keep the threads busy */
    int amx;
    float *weights, *bias;
    int *offsets, depth; /* AMX: of the blocks of 32 channels, and their number */
    size_t weights_bytes;
    planes from, to;                 /* without memory */
    int to_border;                   /* 1, or 0 for the last layer */
    size_t input_point, input_block; /* strides of the transformed inputs, in floats */
    size_t product_point, product_block;
} layer;

/* A thread's memory. An image lies in the planes of one thread, the first of those that compute it
 * together; all others need strip and scratch only. */
typedef struct {
    float *image;              /* first_take()'s */
    float *planes[LAYERS + 1]; /* planes[i] is layer i's input */
    float *strip;              /* rows of the first layer's output */
    float *scratch;            /* transformed inputs and products */
} space;

enum { TOGETHER, ALONE, WAYS };

typedef struct {
    const kernels *kernels;
    first first;
    int amx;
    layer layers[WAYS][LAYERS]; /* ALONE has weights and biases of TOGETHER */
    int threads;
    space *spaces;
    size_t strip_bytes, scratch_bytes, inputs_floats;
} winograd;

/* Who computes an image: all threads of a pool, or one alone, in its space. */
typedef struct {
    const winograd *engine;
    const layer *layers;
    const space *spaces; /* of each member, from the one with the image */
    pool *pool;          /* NULL: one alone */
    int members;
    int timed; /* for VGG_TIMES: one image at a time is enough to print */
} team;

void run_layer(const team *, int index);

#endif
