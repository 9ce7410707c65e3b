/* What images/native_library.py calls. Sizes are in bytes, pixels are one byte. */
#ifndef FILM_H
#define FILM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SHOWN __attribute__((visibility("default")))
#else
#define SHOWN
#endif

/* The compiler makes one of each for the wider registers that the processor may have. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && __GNUC__ >= 12
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* `size` bytes as a zlib stream (RFC 1950) of Huffman codes alone; its length.
   `packed` has room for film_packed_room(size). */
SHOWN size_t film_packed(const uint8_t *bytes, size_t size, uint8_t *packed);
SHOWN size_t film_packed_room(size_t size);

/* How `length` values become `side`, which are fewer: for each the first that counts, how many do,
   and their weights in 2^-22, `film_most_weights` places for each. */
SHOWN int film_most_weights(int length, int side);
SHOWN void film_weights(int length, int side, int32_t *first, int32_t *count, int32_t *weights);

/* (height, width) becomes (side, width). */
SHOWN void film_fewer_rows(const uint8_t *pixels, int width, int side, int most,
                           const int32_t *first, const int32_t *count, const int32_t *weights,
                           uint8_t *fewer);

/* (height, width) becomes (width, height). */
SHOWN void film_turned(const uint8_t *pixels, int height, int width, uint8_t *turned);

/* The same tables for grey values in 0..1, in double. */
SHOWN int film_grey_most_weights(int length, int side);
SHOWN void film_grey_weights(int length, int side, int32_t *first, int32_t *count,
                             double *weights);

typedef struct {
    int most;
    const int32_t *first;
    const int32_t *count;
    const double *weights;
} Weights;

/* (height, width) of one or two bytes becomes (side, side): `low` is 0 and `low` + `range` is 1,
   what lies outside is clipped. `room` holds film_grey_room floats. */
SHOWN size_t film_grey_room(int height, int width, int side);
SHOWN void film_grey(const uint8_t *pixels, int bytes, int height, int width, float low,
                     float range, int side, const Weights *across, const Weights *down,
                     float *room, float *grey);

/* How far the pixels of (height, width) stand out of their squares, white and black strokes. `room`
   holds film_strokes_room bytes. */
SHOWN size_t film_strokes_room(int height, int width);
SHOWN void film_strokes(const uint8_t *grey, int height, int width, uint8_t *room, uint8_t *white,
                        uint8_t *black);

/* Where `size` values are `level` or more, in order, and how many are; more than `most` need not be
   told. `places` has room for `most` and FILM_BEYOND more. */
#define FILM_BEYOND 64
SHOWN size_t film_places(const uint8_t *values, size_t size, int level, size_t most,
                         uint32_t *places);

/* The pieces of strokes that reach `level`, of `count` places where they may: for each a row of
   eight, as they stand and then once more where columns are rows; their number. `table` has two rows
   for each place, `room` holds film_pieces_room bytes. */
SHOWN size_t film_pieces_room(size_t places);
SHOWN size_t film_pieces(const uint8_t *strengths, int width, int level, const uint32_t *places,
                         size_t count, int picture, void *room, double *table);

typedef struct {
    double reach, gap, beside, taller, stronger;
} Nearness;

/* The number of its row for each of `count` letters, rows of such a table, by picture and then from
   left to right. */
SHOWN void film_rows(const double *letters, int64_t count, const Nearness *near, int64_t *label);

#endif
