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
    int parts;                  /* of a point's outputs, as few as keep the threads busy */
    int amx;
    float *weights, *bias;
    int *offsets, depth; /* AMX: of the blocks of 32 channels, and their number */
    size_t weights_bytes;
    planes from, to;
    int to_border;                   /* 1, or 0 for the last layer */
    size_t input_point, input_block; /* strides of the transformed inputs, in floats */
    size_t product_point, product_block;
} layer;

typedef struct {
    first first;
    int amx;
    layer layers[LAYERS];
    planes planes[LAYERS + 1]; /* planes[i] is layer i's input */
    int threads;
    float **strips; /* a thread's rows of the first layer's output */
    size_t strip_bytes;
    float **scratch; /* a thread's transformed inputs and products */
    size_t scratch_bytes, inputs_floats;
} winograd;

void run_layer(winograd *, const layer *, pool *);

#endif
