/* Triangle filtering of grey values in 0..1, as Pillow has it (src/libImaging/Resample.c, mode "F"):
   sums in double, rounded to float after each direction; columns first, then rows. */
#include "film.h"

#include <math.h>
#include <string.h>

/* Rows of the film that are worked on together, and columns of what is left of them. */
#define STRIP 32
#define TOGETHER 32

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

int film_grey_most_weights(int length, int side)
{
    double scale = (double)length / side;
    return (int)ceil(scale < 1.0 ? 1.0 : scale) * 2 + 1;
}

void film_grey_weights(int length, int side, int32_t *first, int32_t *count, double *weights)
{
    int most = film_grey_most_weights(length, side);
    double scale = (double)length / side, reach = scale < 1.0 ? 1.0 : scale, narrow = 1.0 / reach;
    for (int place = 0; place < side; place++, weights += most) {
        double middle = (place + 0.5) * scale, sum = 0.0;
        int from = (int)(middle - reach + 0.5), to = (int)(middle + reach + 0.5);
        from = from < 0 ? 0 : from;
        to = to > length ? length : to;
        for (int at = from; at < to; at++)
            sum += weights[at - from] = triangle((at - middle + 0.5) * narrow);
        for (int at = from; at < to; at++)
            weights[at - from] /= sum;
        first[place] = from;
        count[place] = to - from;
    }
}

static inline __attribute__((always_inline)) float unit(float value, float low, float range)
{
    value = (value - low) / range;
    return value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
}

/* (rows, width) of one byte to (width, STRIP) in 0..1. */
FOR_EACH_PROCESSOR
static void turned_bytes(const uint8_t *pixels, int rows, int width, float low, float range,
                         uint8_t *turned, float *restrict units)
{
    if (rows == STRIP)
        film_turned(pixels, STRIP, width, turned);
    else
        for (int column = 0; column < width; column++)
            for (int row = 0; row < STRIP; row++)
                turned[(size_t)column * STRIP + row] =
                    row < rows ? pixels[(size_t)row * width + column] : 0;
    for (size_t at = 0; at < (size_t)width * STRIP; at++)
        units[at] = unit(turned[at], low, range);
}

/* The same of two bytes. */
FOR_EACH_PROCESSOR
static void turned_words(const uint16_t *pixels, int rows, int width, float low, float range,
                         float *units)
{
    for (int left = 0; left < width; left += TOGETHER) {
        int columns = width - left < TOGETHER ? width - left : TOGETHER;
        float line[STRIP][TOGETHER] = {{0}};
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
                line[row][column] = unit(pixels[(size_t)row * width + left + column], low, range);
        for (int column = 0; column < columns; column++)
            for (int row = 0; row < STRIP; row++)
                units[(size_t)(left + column) * STRIP + row] = line[row][column];
    }
}

/* (width, STRIP) to the first `rows` rows of (rows, side). */
FOR_EACH_PROCESSOR
static void fewer_columns(const float *units, int rows, int side, int most, const int32_t *first,
                          const int32_t *count, const double *weights, float *fewer)
{
    for (int place = 0; place < side; place++, weights += most) {
        const float *from = units + (size_t)first[place] * STRIP;
        double sums[STRIP] = {0};
        for (int at = 0; at < count[place]; at++, from += STRIP)
            for (int row = 0; row < STRIP; row++)
                sums[row] += from[row] * weights[at];
        for (int row = 0; row < rows; row++)
            fewer[(size_t)row * side + place] = (float)sums[row];
    }
}

static inline __attribute__((always_inline)) void
sums_of_rows(const float *values, int width, int columns, int count, const double *weights,
             float *out)
{
    double sums[TOGETHER] = {0};
    for (int row = 0; row < count; row++, values += width)
        for (int column = 0; column < columns; column++)
            sums[column] += values[column] * weights[row];
    for (int column = 0; column < columns; column++)
        out[column] = (float)sums[column];
}

FOR_EACH_PROCESSOR
static void fewer_rows(const float *values, int width, int side, int most, const int32_t *first,
                       const int32_t *count, const double *weights, float *fewer)
{
    for (int place = 0; place < side; place++, weights += most, fewer += width) {
        const float *rows = values + (size_t)first[place] * width;
        int left = 0;
        for (; left + TOGETHER <= width; left += TOGETHER)
            sums_of_rows(rows + left, width, TOGETHER, count[place], weights, fewer + left);
        sums_of_rows(rows + left, width, width - left, count[place], weights, fewer + left);
    }
}

size_t film_grey_room(int height, int width, int side)
{
    return (size_t)width * STRIP + (size_t)height * side + (size_t)width * STRIP / sizeof(float);
}

void film_grey(const uint8_t *pixels, int bytes, int height, int width, float low, float range,
               int side, const Weights *across, const Weights *down, float *room, float *grey)
{
    float *units = room, *narrow = room + (size_t)width * STRIP;
    uint8_t *turned = (uint8_t *)(narrow + (size_t)height * side);
    for (int top = 0; top < height; top += STRIP) {
        int rows = height - top < STRIP ? height - top : STRIP;
        const uint8_t *strip = pixels + (size_t)top * width * bytes;
        if (bytes == 1)
            turned_bytes(strip, rows, width, low, range, turned, units);
        else
            turned_words((const uint16_t *)(const void *)strip, rows, width, low, range, units);
        fewer_columns(units, rows, side, across->most, across->first, across->count,
                      across->weights, narrow + (size_t)top * side);
    }
    fewer_rows(narrow, side, side, down->most, down->first, down->count, down->weights, grey);
}
