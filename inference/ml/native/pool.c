/* A few threads that share numbered items. An image is some thirty short parallel steps, so a
 * waiting thread first spins, and only then sleeps. */
#define _GNU_SOURCE
#include "common.h"

#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPINS = 20000 }; /* some 0.3 ms of PAUSE: longer than any step between two parallel ones */

typedef struct {
    pool *owner;
    int number;
    pthread_t thread;
} worker;

struct pool {
    int threads;
    pid_t process; /* threads do not survive fork(): a child works alone */
    pool_task task;
    void *argument;
    int items;
    _Alignas(64) atomic_int next;
    _Alignas(64) atomic_int busy;
    _Alignas(64) atomic_uint round;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int stop;
    worker workers[];
};

/* Numbers below 1e-38 count as zero meanwhile: they are slow and mean nothing here. */
enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };

static void take_items(pool *p, int thread) {
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    for (;;) {
        int item = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (item >= p->items)
            break;
        p->task(p->argument, item, thread);
    }
    _mm_setcsr(mode);
}

static void *work(void *argument) {
    worker *self = argument;
    pool *p = self->owner;
    unsigned seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load_explicit(&p->round, memory_order_acquire) == seen;
             i++)
            _mm_pause();
        if (atomic_load_explicit(&p->round, memory_order_acquire) == seen) {
            pthread_mutex_lock(&p->lock);
            while (atomic_load(&p->round) == seen)
                pthread_cond_wait(&p->wake, &p->lock);
            pthread_mutex_unlock(&p->lock);
        }
        seen++;
        if (p->stop)
            return NULL;
        take_items(p, self->number);
        atomic_fetch_sub_explicit(&p->busy, 1, memory_order_release);
    }
}

static void start_round(pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->round, 1);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

pool *pool_create(int threads) {
    if (threads < 1)
        threads = 1;
    size_t bytes = (sizeof(pool) + sizeof(worker) * (size_t)threads + 63) / 64 * 64;
    pool *p = aligned_alloc(64, bytes);
    if (!p)
        return NULL;
    *p = (pool){.threads = 1, .process = getpid()};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (int i = 1; i < threads; i++, p->threads++) { /* fewer threads than asked for still work */
        p->workers[i] = (worker){.owner = p, .number = i};
        if (pthread_create(&p->workers[i].thread, NULL, work, &p->workers[i]))
            break;
    }
    return p;
}

void pool_destroy(pool *p) {
    if (p->process == getpid()) {
        p->stop = 1;
        start_round(p);
        for (int i = 1; i < p->threads; i++)
            pthread_join(p->workers[i].thread, NULL);
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
    }
    free(p);
}

void pool_for(pool *p, pool_task task, void *argument, int items) {
    p->task = task;
    p->argument = argument;
    p->items = items;
    atomic_store_explicit(&p->next, 0, memory_order_relaxed);
    if (p->threads == 1 || items == 1 || p->process != getpid()) {
        take_items(p, 0);
        return;
    }
    atomic_store_explicit(&p->busy, p->threads - 1, memory_order_relaxed);
    start_round(p);
    take_items(p, 0);
    for (int i = 0; atomic_load_explicit(&p->busy, memory_order_acquire); i++) {
        if (i < SPINS)
            _mm_pause();
        else
            sched_yield();
    }
}
