/* Filters in Winograd's form: the matrices G of F(2), F(4) and F(6), as Lavin and Gray derive them
 * from the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. */
#pragma GCC target("avx2,fma")
#include "winograd.h"

const double G2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
const double G4[6][3] = {
    {1. / 4, 0, 0},
    {-1. / 6, -1. / 6, -1. / 6},
    {-1. / 6, 1. / 6, -1. / 6},
    {1. / 24, 1. / 12, 1. / 6},
    {1. / 24, -1. / 12, 1. / 6},
    {0, 0, 1},
};
const double G6[8][3] = {
    {1, 0, 0},
    {-2. / 9, -2. / 9, -2. / 9},
    {-2. / 9, 2. / 9, -2. / 9},
    {1. / 90, 1. / 45, 2. / 45},
    {1. / 90, -1. / 45, 2. / 45},
    {32. / 45, 16. / 45, 8. / 45},
    {32. / 45, -16. / 45, 8. / 45},
    {0, 0, 1},
};

void transform_filter(const method *f, const float *filter, float *points) {
    double half[MAX_SIDE][3];
    for (int i = 0; i < f->in; i++)
        for (int x = 0; x < 3; x++)
            half[i][x] = f->filter[i][0] * filter[x] + f->filter[i][1] * filter[3 + x] +
                         f->filter[i][2] * filter[6 + x];
    for (int i = 0; i < f->in; i++)
        for (int j = 0; j < f->in; j++)
            points[i * f->in + j] =
                (float)(half[i][0] * f->filter[j][0] + half[i][1] * f->filter[j][1] +
                        half[i][2] * f->filter[j][2]);
}
