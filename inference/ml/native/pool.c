/* A few threads that share numbered items. An image that all of them compute together is some
 * thirty short parallel steps, so whoever waits spins a little before it sleeps; but only a little,
 * since others may need the core, this pool's own threads among them. */
#define _GNU_SOURCE
#include "common.h"

#include <immintrin.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPIN_TICKS = 60000 }; /* of the time stamp counter: some 20 us, most waits for a step */

/* Something that happens again and again, in turn with those who wait for it. */
typedef struct {
    _Alignas(64) atomic_uint times;
    pthread_mutex_t lock;
    pthread_cond_t happened;
} event;

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
    int items, stop;
    unsigned rounds;
    _Alignas(64) atomic_int next;
    _Alignas(64) atomic_int busy;
    event begin, end;
    worker workers[];
};

static void event_create(event *e) {
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->happened, NULL);
}

static void event_destroy(event *e) {
    pthread_cond_destroy(&e->happened);
    pthread_mutex_destroy(&e->lock);
}

static void announce(event *e) {
    pthread_mutex_lock(&e->lock);
    atomic_fetch_add(&e->times, 1);
    pthread_mutex_unlock(&e->lock);
    pthread_cond_broadcast(&e->happened);
}

/* Until it has happened more than `seen` times. */
static void await(event *e, unsigned seen) {
    unsigned long long until = __rdtsc() + SPIN_TICKS;
    do {
        if (atomic_load_explicit(&e->times, memory_order_acquire) != seen)
            return;
        _mm_pause();
    } while (__rdtsc() < until);
    pthread_mutex_lock(&e->lock);
    while (atomic_load(&e->times) == seen)
        pthread_cond_wait(&e->happened, &e->lock);
    pthread_mutex_unlock(&e->lock);
}

/* Numbers below 1e-38: they are slow and mean nothing here. */
enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };

unsigned flush_denormals(void) {
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return mode;
}

static void take_items(pool *p, int thread) {
    unsigned mode = flush_denormals();
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
    for (unsigned seen = 0;; seen++) {
        await(&p->begin, seen);
        if (p->stop)
            return NULL;
        take_items(p, self->number);
        if (atomic_fetch_sub(&p->busy, 1) == 1)
            announce(&p->end);
    }
}

pool *pool_create(int threads) {
    if (threads < 1)
        threads = 1;
    size_t bytes = (sizeof(pool) + sizeof(worker) * (size_t)threads + 63) / 64 * 64;
    pool *p = aligned_alloc(64, bytes);
    if (!p)
        return NULL;
    *p = (pool){.threads = 1, .process = getpid()};
    event_create(&p->begin);
    event_create(&p->end);
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
        announce(&p->begin);
        for (int i = 1; i < p->threads; i++)
            pthread_join(p->workers[i].thread, NULL);
        event_destroy(&p->begin);
        event_destroy(&p->end);
    }
    free(p);
}

int pool_threads(const pool *p) { return p->process == getpid() ? p->threads : 1; }

void pool_for(pool *p, pool_task task, void *argument, int items) {
    if (!p) {
        for (int item = 0; item < items; item++)
            task(argument, item, 0);
        return;
    }
    p->task = task;
    p->argument = argument;
    p->items = items;
    atomic_store_explicit(&p->next, 0, memory_order_relaxed);
    if (items == 1 || pool_threads(p) == 1) {
        take_items(p, 0);
        return;
    }
    atomic_store(&p->busy, p->threads - 1);
    announce(&p->begin);
    take_items(p, 0);
    await(&p->end, p->rounds++);
}
