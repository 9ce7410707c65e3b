/* The library's few functions: choose an engine, run it, now or in turn, give it back. */
#define _GNU_SOURCE
#include "vgg.h"
#include "common.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

const shape SHAPES[LAYERS] = {
    {3, 64, 224, 0},   {64, 64, 224, 1},  {64, 128, 112, 0}, {128, 128, 112, 1}, {128, 256, 56, 0},
    {256, 256, 56, 0}, {256, 256, 56, 1}, {256, 512, 28, 0}, {512, 512, 28, 0},  {512, 512, 28, 1},
    {512, 512, 14, 0}, {512, 512, 14, 0}, {512, 512, 14, 0}, /* its pooling is finish()'s */
};

int print_times;

typedef struct {
    const engine *engine;
    void *state;
    pool *threads;
    line *line;
    pthread_mutex_t room; /* one at a time makes it */
    atomic_int users;     /* tickets, and the owner */
} vgg;

enum { HUGE_PAGE = 2 << 20 };

enum { /* floats of each */
    IMAGE = 3 * IMAGE_SIDE * IMAGE_SIDE,
    FEATURES = 512 * 7 * 7,
    BEFORE_POOLING = 512 * 14 * 14,
};

static size_t rounded(size_t bytes) {
    size_t unit = bytes >= HUGE_PAGE / 2 ? HUGE_PAGE : 4096;
    return (bytes + unit - 1) / unit * unit;
}

void *big_alloc(size_t bytes) {
    size_t size = rounded(bytes);
    void *memory = aligned_alloc(size >= HUGE_PAGE ? HUGE_PAGE : 4096, size);
    if (!memory)
        return NULL;
    if (size >= HUGE_PAGE)
        madvise(memory, size, MADV_HUGEPAGE);
    return memset(memory, 0, size);
}

void big_free(void *memory, size_t bytes) {
    (void)bytes;
    free(memory);
}

double clock_ms(void) {
    struct timespec now;
    clock_gettime(print_times == 2 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec * 1e-6;
}

static const engine *chosen(const char *wanted) {
    const engine *const best_first[] = {&AMX, &AVX512, &AVX2};
    for (int i = 0; i < 3; i++)
        if ((!wanted || !strcmp(wanted, best_first[i]->name)) && best_first[i]->supported())
            return best_first[i];
    return NULL;
}

const char *vgg_method(const char *wanted) {
    const engine *engine = chosen(wanted);
    return engine ? engine->name : NULL;
}

void *vgg_create(const float *const *weights, const float *const *biases, int threads,
                 const char *method) {
    const engine *engine = chosen(method);
    vgg *v = engine ? calloc(1, sizeof *v) : NULL;
    if (!v)
        return NULL;
    print_times = getenv("VGG_TIMES") ? 1 + (getenv("VGG_CPU") != NULL) : 0;
    v->engine = engine;
    v->users = 1;
    pthread_mutex_init(&v->room, NULL);
    v->threads = pool_create(threads);
    v->line = v->threads ? line_create(pool_threads(v->threads)) : NULL;
    v->state = engine->create(weights, biases, threads);
    if (!v->line || !v->state) {
        vgg_destroy(v);
        return NULL;
    }
    return v;
}

typedef struct {
    const vgg *network;
    const float *images;
    float *features, *before_pooling;
} batch;

static void compute(const batch *b, int image, pool *together, int thread) {
    const vgg *v = b->network;
    v->engine->run(v->state, together, thread, b->images + (size_t)image * IMAGE,
                   b->features + (size_t)image * FEATURES,
                   b->before_pooling ? b->before_pooling + (size_t)image * BEFORE_POOLING : NULL);
}

static void compute_alone(void *argument, int image, int thread) {
    compute(argument, image, NULL, thread);
}

/* Threads that compute an image each wait for nobody, which matters most where others compete for
 * the cores. A rest that would leave many threads idle is for all together, and so is a single
 * image. */
static int alone_of(vgg *v, int count) {
    int threads = pool_threads(v->threads), rest = count % threads;
    int alone = 4 * rest > 3 * threads ? count : count - rest;
    if (!alone)
        return 0;
    pthread_mutex_lock(&v->room);
    int is_room = v->engine->make_room(v->state, threads);
    pthread_mutex_unlock(&v->room);
    return is_room ? alone : 0;
}

void vgg_features_many(void *handle, int count, const float *images, float *features,
                       float *before_pooling) {
    vgg *v = handle;
    batch b = {v, images, features, before_pooling};
    turn turn;
    line_enter(v->line, &turn);
    int alone = alone_of(v, count);
    if (alone)
        pool_for(v->threads, compute_alone, &b, alone);
    for (int image = alone; image < count; image++)
        compute(&b, image, v->threads, 0);
    line_leave(v->line);
}

typedef struct {
    vgg *network;
    turn turn;
    batch batch;
} ticket;

/* A rest is nobody's to wait for here: the batch after it fills the gap. So all images or none are
 * for one thread alone. */
void *vgg_begin(void *handle, int count, const float *images, float *features,
                float *before_pooling) {
    vgg *v = handle;
    ticket *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    *t = (ticket){v, {0}, {v, images, features, before_pooling}};
    atomic_fetch_add(&v->users, 1);
    if (line_runners(v->line) && alone_of(v, count))
        line_add(v->line, &t->turn, compute_alone, &t->batch, count);
    else
        vgg_features_many(v, count, images, features, before_pooling);
    return t;
}

void vgg_await_taken(void *handle) {
    ticket *t = handle;
    line_await_taken(t->network->line, &t->turn);
}

int vgg_await_computed(void *handle) {
    ticket *t = handle;
    return line_await_done(t->network->line, &t->turn);
}

void vgg_end(void *handle) {
    ticket *t = handle;
    vgg_await_computed(t);
    vgg_destroy(t->network);
    free(t);
}

void vgg_destroy(void *handle) {
    vgg *v = handle;
    if (!v || atomic_fetch_sub(&v->users, 1) > 1)
        return;
    if (v->line)
        line_destroy(v->line);
    if (v->threads)
        pool_destroy(v->threads);
    if (v->state)
        v->engine->destroy(v->state);
    pthread_mutex_destroy(&v->room);
    free(v);
}

void finish(const float *blocked, float *features, float *before_pooling) {
    enum { SIDE = 14, HALF = 7 };
    for (int c = 0; c < 512; c++) {
        const float *from = blocked + (c / LANES) * SIDE * SIDE * LANES + c % LANES;
        for (int y = 0; y < HALF; y++)
            for (int x = 0; x < HALF; x++) {
                const float *p = from + (2 * y * SIDE + 2 * x) * LANES;
                float a = p[0], b = p[LANES], d = p[SIDE * LANES], e = p[(SIDE + 1) * LANES];
                float upper = a > b ? a : b, lower = d > e ? d : e;
                features[(c * HALF + y) * HALF + x] = upper > lower ? upper : lower;
            }
        if (before_pooling)
            for (int i = 0; i < SIDE * SIDE; i++)
                before_pooling[c * SIDE * SIDE + i] = from[i * LANES];
    }
}
