/* The kernels of processors with AVX2 and FMA, which have half as many registers of half the size. */
#pragma GCC target("avx2,fma")
#define WIDTH 8
#include "first_row.h"
#include "winograd_multiply.h"
#include "winograd_transforms.h"

const kernels AVX2_KERNELS = {
    PANEL,
    OUTPUTS,
    {
        {2, 4, plain2, NULL, output2, G2},
        {4, 6, plain4, NULL, output4, G4},
        {6, 8, plain6, NULL, output6, G6},
    },
    multiply,
    first_row,
};
