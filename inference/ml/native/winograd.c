/* The engine's set-up: which method and order a layer is run with, its weights and its memory.
 * Every convolution but the first is Winograd's products, in single precision on AVX-512, or on AMX
 * with every number as the sum of two bfloat16. */
#define _GNU_SOURCE
#include "winograd_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By measurement, of AMX and AVX-512 on an Emerald Rapids, of AVX2 on a Zen 3. F(6) needs the fewest
 * products but the largest transforms and weights, so it pays where there are many tiles and few
 * channels; AMX makes products so cheap that a layer's traffic decides. */
typedef struct {
    int method;
    order order;
} plan;

static const plan PLAN_AVX2[LAYERS] = {
    {0, NONE},    {F6, ROWS},   {F6, OWN},    {F6, OWN},    {F4, SHARED}, {F4, SHARED}, {F4, SHARED},
    {F4, SHARED}, {F4, SHARED}, {F4, SHARED}, {F2, SHARED}, {F2, SHARED}, {F2, SHARED},
};
static const plan PLAN_AVX512[LAYERS] = {
    {0, NONE},    {F6, ROWS},   {F4, OWN},    {F4, OWN},    {F4, SHARED}, {F4, SHARED}, {F4, SHARED},
    {F4, SHARED}, {F4, SHARED}, {F4, SHARED}, {F2, SHARED}, {F2, SHARED}, {F2, SHARED},
};
static const plan PLAN_AMX[LAYERS] = {
    {0, NONE},    {F4, ROWS},   {F4, OWN},    {F4, OWN},    {F4, SHARED}, {F4, SHARED}, {F4, SHARED},
    {F2, SHARED}, {F2, SHARED}, {F2, SHARED}, {F2, DIRECT}, {F2, DIRECT}, {F2, DIRECT},
};

/* What an instruction set computes with. */
typedef struct {
    const plan *plan;
    const kernels *kernels;
    int amx;
} means;

static size_t planes_bytes(const planes *p) {
    return sizeof(float) * (size_t)p->channels * (size_t)p->height * (size_t)p->pitch;
}

static planes square(int channels, int side) { return (planes){NULL, channels, side, side}; }

/* What layer i reads, or the last one writes. */
static const planes *planes_of(const winograd *w, int i) {
    return i < LAYERS ? &w->layers[TOGETHER][i].from : &w->layers[TOGETHER][LAYERS - 1].to;
}

static int odd_lines(int floats) { return floats / LANES % 2 ? floats : floats + LANES; }

/* Weights in the order in which they are read: slabs (in, outputs), by (slab, point) for a thread's
 * own blocks, by (point, slab) for shared steps. */
static int pack_weights(layer *l, const float *weights) {
    int points = l->order == DIRECT ? 9 : l->f->in * l->f->in, in = l->shape.in,
        outs = l->outputs, slabs = l->shape.out / outs;
    l->weights_bytes = sizeof(float) * (size_t)points * (size_t)in * (size_t)l->shape.out;
    l->weights = big_alloc(l->weights_bytes);
    if (!l->weights)
        return 0;
    for (int o = 0; o < l->shape.out; o++)
        for (int i = 0; i < in; i++) {
            if (l->order == DIRECT) {
                float *to = l->weights + (size_t)(o / PAIR * l->depth * 32 * PAIR);
                for (int tap = 0; tap < 9; tap++)
                    pack_amx(to, (i / 32 * 9 + tap) * 32 + i % 32, o % PAIR,
                             weights[(o * in + i) * 9 + tap]);
                continue;
            }
            float values[MAX_POINTS];
            transform_filter(l->f, weights + (o * in + i) * 9, values);
            for (int p = 0; p < points; p++) {
                int slab = l->order != SHARED ? o / outs * points + p : p * slabs + o / outs;
                float *to = l->weights + (size_t)slab * (size_t)(in * outs);
                if (l->amx)
                    pack_amx(to, i, o % outs, values[p]);
                else
                    to[i * outs + o % outs] = values[p];
            }
        }
    return 1;
}

/* As large blocks as the second-level cache holds, for the weights to be read seldom, but enough
 * blocks, and as many for every thread. */
static void plan_blocks(layer *l, int threads) {
    enum { LEAST = 28, MOST = 48 };
    long cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (cache < 512 << 10)
        cache = 1 << 20;
    long tile = (long)sizeof(float) * l->f->in * l->f->in * (l->shape.in + l->outputs);
    long fit = cache * 9 / 10 / tile, limit = fit < LEAST ? LEAST : fit > MOST ? MOST : fit;
    int units = (l->tiles + l->unit - 1) / l->unit;
    l->blocks = (int)((l->tiles + limit - 1) / limit);
    l->blocks = (l->blocks + threads - 1) / threads * threads;
    if (l->blocks > units)
        l->blocks = units;
    l->most = (units + l->blocks - 1) / l->blocks * l->unit;
}

/* Where a block of 32 channels lies among a layer's transformed (DIRECT: split) inputs. */
static int plan_offsets(layer *l) {
    int taps = l->order == DIRECT ? 9 : 1;
    l->depth = l->shape.in / 32 * taps;
    l->offsets = calloc((size_t)l->depth, sizeof *l->offsets);
    for (int i = 0; l->offsets && i < l->depth; i++)
        l->offsets[i] =
            i / taps * 2 * (int)l->input_block + (i % taps / 3 * GROUP + i % taps % 3) * 2 * LANES;
    return l->offsets != NULL;
}

static void plan_layer(winograd *w, const plan *chosen, int way, int index) {
    layer *l = &w->layers[way][index];
    int threads = way == ALONE ? 1 : w->threads;
    l->shape = SHAPES[index];
    l->amx = w->amx;
    l->f = &w->kernels->methods[chosen->method];
    l->order = chosen->order;
    l->outputs = w->amx ? PAIR : w->kernels->outputs;
    l->row_tiles = (l->shape.side + l->f->out - 1) / l->f->out;
    l->tiles = l->row_tiles * l->row_tiles;
    l->unit = l->order == ROWS ? l->row_tiles : l->amx ? GROUP : 1;
    l->most = l->order == ROWS ? l->row_tiles : l->tiles;
    l->blocks = l->row_tiles;
    if (l->order == OWN)
        plan_blocks(l, threads);
    if (l->order == DIRECT)
        l->tiles = l->most = GROUP * l->shape.side;
    if (l->amx)
        l->most = (l->most + GROUP - 1) / GROUP * GROUP;
    l->parts = 1;
    while (l->parts < 8 && l->f->in * l->f->in * l->parts < 8 * threads)
        l->parts *= 2;
    l->to_border = index < LAYERS - 1;
    l->input_block = (size_t)((l->order == DIRECT ? GROUP * GROUP : l->most) * LANES);
    l->product_block = (size_t)(l->most * LANES);
    int outs = l->order != SHARED ? l->outputs : l->shape.out;
    /* An odd number of cache lines between points spreads a tile's points over all cache sets. */
    l->input_point = (size_t)odd_lines(l->shape.in * l->most);
    l->product_point = (size_t)odd_lines(outs * l->most);
    size_t points = (size_t)(l->f->in * l->f->in); /* DIRECT needs less than the others anyway */
    if (points * l->input_point > w->inputs_floats)
        w->inputs_floats = points * l->input_point;
    size_t bytes = sizeof(float) * (points * l->product_point);
    if (bytes > w->scratch_bytes)
        w->scratch_bytes = bytes;
    l->from = square(l->shape.in, l->row_tiles * l->f->out + 2);
}

static void winograd_destroy(void *state) {
    winograd *w = state;
    first_destroy(&w->first);
    for (int i = 0; i < LAYERS; i++) {
        for (int way = 0; way < WAYS; way++)
            free(w->layers[way][i].offsets);
        big_free(w->layers[TOGETHER][i].weights, w->layers[TOGETHER][i].weights_bytes);
        big_free(w->layers[TOGETHER][i].bias, sizeof(float) * (size_t)SHAPES[i].out);
    }
    for (int thread = 0; w->spaces && thread < w->threads; thread++) {
        space *s = &w->spaces[thread];
        big_free(s->image, sizeof(float) * 3 * FIRST_PLANE);
        for (int i = 2; i <= LAYERS; i++)
            big_free(s->planes[i], planes_bytes(planes_of(w, i)));
        big_free(s->strip, w->strip_bytes);
        big_free(s->scratch, w->scratch_bytes);
    }
    free(w->spaces);
    free(w);
}

static int make(float **memory, size_t bytes) {
    return *memory || (*memory = big_alloc(bytes));
}

/* What a thread needs for an image of its own: 28 MB. */
static int winograd_make_room(void *state, int threads) {
    winograd *w = state;
    for (int thread = 0; thread < threads; thread++) {
        space *s = &w->spaces[thread];
        if (!make(&s->image, sizeof(float) * 3 * FIRST_PLANE))
            return 0;
        for (int i = 2; i <= LAYERS; i++)
            if (!make(&s->planes[i], planes_bytes(planes_of(w, i))))
                return 0;
    }
    return 1;
}

static void plan_all(winograd *w, const plan *chosen, int way) {
    layer *layers = w->layers[way];
    for (int i = 1; i < LAYERS; i++)
        plan_layer(w, &chosen[i], way, i);
    for (int i = 1; i < LAYERS - 1; i++)
        layers[i].to = layers[i + 1].from;
    layers[LAYERS - 1].to = square(512, 14);
}

/* Numbers of a layer, which both ways have in common, and their places, which they have not. */
static int fill_layer(winograd *w, int index, const float *weights, const float *bias) {
    layer *l = &w->layers[TOGETHER][index], *alone = &w->layers[ALONE][index];
    l->bias = big_alloc(sizeof(float) * (size_t)l->shape.out);
    if (!l->bias || !plan_offsets(l) || !plan_offsets(alone) || !pack_weights(l, weights))
        return 0;
    memcpy(l->bias, bias, sizeof(float) * (size_t)l->shape.out);
    alone->bias = l->bias;
    alone->weights = l->weights;
    return 1;
}

static int fill(winograd *w, const plan *chosen, const float *const *weights,
                const float *const *biases) {
    for (int way = 0; way < WAYS; way++)
        plan_all(w, chosen, way);
    w->scratch_bytes += sizeof(float) * w->inputs_floats;
    w->strip_bytes = sizeof(float) * LANES * FIRST_OUT / LANES * MAX_SIDE * (IMAGE_SIDE + MAX_SIDE);
    w->spaces = calloc((size_t)w->threads, sizeof *w->spaces);
    if (!w->spaces || !first_create(&w->first, weights[0], biases[0]))
        return 0;
    for (int i = 0; i < w->threads; i++)
        if (!make(&w->spaces[i].scratch, w->scratch_bytes) ||
            !make(&w->spaces[i].strip, w->strip_bytes))
            return 0;
    for (int i = 1; i < LAYERS; i++)
        if (!fill_layer(w, i, weights[i], biases[i]))
            return 0;
    return winograd_make_room(w, 1);
}

static void *create(means by, const float *const *weights, const float *const *biases,
                    int threads) {
    winograd *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->kernels = by.kernels;
    w->amx = by.amx;
    w->threads = threads < 1 ? 1 : threads;
    if (fill(w, by.plan, weights, biases))
        return w;
    winograd_destroy(w);
    return NULL;
}

static void *create_avx2(const float *const *weights, const float *const *biases, int threads) {
    return create((means){PLAN_AVX2, &AVX2_KERNELS, 0}, weights, biases, threads);
}

static void *create_avx512(const float *const *weights, const float *const *biases, int threads) {
    return create((means){PLAN_AVX512, &AVX512_KERNELS, 0}, weights, biases, threads);
}

static void *create_amx(const float *const *weights, const float *const *biases, int threads) {
    return create((means){PLAN_AMX, &AVX512_KERNELS, 1}, weights, biases, threads);
}

static void winograd_run(void *state, pool *threads, int thread, const float *image,
                         float *features, float *before_pooling) {
    const winograd *w = state;
    const space *own = &w->spaces[thread];
    const team t = {w, w->layers[threads ? TOGETHER : ALONE], own, threads,
                    threads ? w->threads : 1, print_times && !thread};
    double start = t.timed ? clock_ms() : 0, last = start;
    first_take(image, own->image);
    for (int i = 0; i < LAYERS; i++) {
        if (i)
            run_layer(&t, i);
        if (t.timed) {
            double now = clock_ms();
            fprintf(stderr, "layer %2d %3d->%3d %3d: %6.2f ms\n", i + 1, SHAPES[i].in,
                    SHAPES[i].out, SHAPES[i].side, now - last);
            last = now;
        }
    }
    finish(own->planes[LAYERS], features, before_pooling);
    if (t.timed)
        fprintf(stderr, "all %.2f ms\n", clock_ms() - start);
}

/* The compiler may use any of these in the files for AVX2 and for AVX-512. */
static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}

#define ENGINE(NAME, SUPPORTED, CREATE)                                                            \
    {NAME, SUPPORTED, CREATE, winograd_make_room, winograd_run, winograd_destroy}
const engine AVX2 = ENGINE("avx2", has_avx2, create_avx2);
const engine AVX512 = ENGINE("avx512", has_avx512, create_avx512);
const engine AMX = ENGINE("amx", amx_available, create_amx);
