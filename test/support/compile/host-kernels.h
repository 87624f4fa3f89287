// Generated kernels as functions of the host: what CUDA C++ has and C++ has not.

#include <math.h>
#include <string.h>

#define __global__
#define __launch_bounds__(threads)

struct Place {
  unsigned x;
};
static Place blockIdx, threadIdx;
static const Place blockDim = {128};

static inline float __int_as_float(unsigned bits) {
  float number;
  memcpy(&number, &bits, sizeof(number));
  return number;
}

static inline double __longlong_as_double(unsigned long long bits) {
  double number;
  memcpy(&number, &bits, sizeof(number));
  return number;
}

static inline double rsqrt(double x) { return 1 / sqrt(x); }
static inline float rsqrtf(float x) { return (float)(1 / sqrt((double)x)); }

// Newton's method from a point below, by the symmetry of erf.
static inline double erfinv(double x) {
  if (!(fabs(x) < 1)) return fabs(x) == 1 ? copysign(HUGE_VAL, x) : NAN;
  double low = 0, high = 6;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (erfc(middle) > 1 - fabs(x) ? low : high) = middle;
  }
  double y = (low + high) / 2;
  for (int i = 0; i < 3; ++i) y -= (fabs(x) < 0.5 ? erf(y) - fabs(x) : (1 - fabs(x)) - erfc(y)) / (M_2_SQRTPI * exp(-y * y));
  return copysign(y, x);
}
static inline float erfinvf(float x) { return (float)erfinv((double)x); }

// Calls a kernel for all points, as a launch does.
#define RUN(kernel, points, ...)                                                      \
  for (long long block = 0; block * blockDim.x < (points); ++block) {                 \
    for (unsigned thread = 0; thread < blockDim.x; ++thread) {                        \
      blockIdx.x = (unsigned)block;                                                   \
      threadIdx.x = thread;                                                           \
      kernel((points), __VA_ARGS__);                                                  \
    }                                                                                 \
  }
