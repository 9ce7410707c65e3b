/* Threads that take the items of one batch after another, in the order in which the batches came.
 * Who finds nothing left of one goes on with the next while its last items are still computed.
 * Items are whole images here, so nobody spins: a wake-up is nothing beside one. */
#define _GNU_SOURCE
#include "common.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    line *owner;
    int number;
    pthread_t thread;
} runner;

struct line {
    pid_t process;          /* threads do not survive fork(): a child has no line */
    pthread_mutex_t forked; /* what a child has instead: nobody held it when it was forked off */
    pthread_mutex_t lock;   /* of what follows, and of the turns */
    pthread_cond_t work;    /* for the runners: there is an item to take, or it is over */
    pthread_cond_t change;  /* for everybody else: taken, done, nobody busy */
    turn *first, **end;
    int busy, stop; /* busy: items that are being computed */
    int runners;
    runner runner[];
};

static int is_here(const line *l) { return l->process == getpid(); }

static void append(line *l, turn *t) {
    *l->end = t;
    l->end = &t->next;
}

static void remove_first(line *l) {
    l->first = l->first->next;
    if (!l->first)
        l->end = &l->first;
    pthread_cond_broadcast(&l->change);
}

/* A turn without items is somebody's who has the threads' memory to himself. */
static int may_take(const line *l) { return l->first && l->first->items; }

static void compute_next(line *l, int thread) {
    turn *t = l->first;
    int item = t->taken++;
    if (t->taken == t->items)
        remove_first(l);
    l->busy++;
    pthread_mutex_unlock(&l->lock);
    t->task(t->argument, item, thread);
    pthread_mutex_lock(&l->lock);
    l->busy--;
    if (++t->done == t->items || !l->busy)
        pthread_cond_broadcast(&l->change);
}

static void *run(void *argument) {
    const runner *self = argument;
    line *l = self->owner;
    flush_denormals();
    pthread_mutex_lock(&l->lock);
    while (!l->stop)
        if (may_take(l))
            compute_next(l, self->number);
        else
            pthread_cond_wait(&l->work, &l->lock);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

line *line_create(int threads) {
    line *l = calloc(1, sizeof *l + sizeof *l->runner * (size_t)threads);
    if (!l)
        return NULL;
    l->process = getpid();
    l->end = &l->first;
    pthread_mutex_init(&l->forked, NULL);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->change, NULL);
    for (; l->runners < threads; l->runners++) { /* fewer than asked for still work */
        runner *r = &l->runner[l->runners];
        r->owner = l;
        r->number = l->runners;
        if (pthread_create(&r->thread, NULL, run, r))
            break;
    }
    return l;
}

void line_destroy(line *l) {
    if (is_here(l)) {
        pthread_mutex_lock(&l->lock);
        l->stop = 1;
        pthread_cond_broadcast(&l->work);
        pthread_mutex_unlock(&l->lock);
        for (int i = 0; i < l->runners; i++)
            pthread_join(l->runner[i].thread, NULL);
        pthread_cond_destroy(&l->change);
        pthread_cond_destroy(&l->work);
        pthread_mutex_destroy(&l->lock);
    }
    pthread_mutex_destroy(&l->forked);
    free(l);
}

int line_runners(const line *l) { return is_here(l) ? l->runners : 0; }

void line_add(line *l, turn *t, pool_task task, void *argument, int items) {
    *t = (turn){.task = task, .argument = argument, .items = items};
    pthread_mutex_lock(&l->lock);
    append(l, t);
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
}

void line_await_taken(line *l, turn *t) {
    if (!is_here(l))
        return;
    pthread_mutex_lock(&l->lock);
    while (t->taken < t->items)
        pthread_cond_wait(&l->change, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

int line_await_done(line *l, turn *t) {
    if (!is_here(l))
        return t->done == t->items;
    pthread_mutex_lock(&l->lock);
    while (t->done < t->items)
        pthread_cond_wait(&l->change, &l->lock);
    pthread_mutex_unlock(&l->lock);
    return 1;
}

void line_enter(line *l, turn *t) {
    if (!is_here(l)) {
        pthread_mutex_lock(&l->forked);
        return;
    }
    *t = (turn){0};
    pthread_mutex_lock(&l->lock);
    append(l, t);
    while (l->first != t || l->busy)
        pthread_cond_wait(&l->change, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

void line_leave(line *l) {
    if (!is_here(l)) {
        pthread_mutex_unlock(&l->forked);
        return;
    }
    pthread_mutex_lock(&l->lock);
    remove_first(l);
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
}
