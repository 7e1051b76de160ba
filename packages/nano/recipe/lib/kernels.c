// Fused parts of the llama block for a CPU, forward and backward, in float32. lib/fused.py compiles and calls them.
//
// Attention never writes a score matrix to memory: scores of 64 queries are made, used and made again in the backward pass
// from their row sums (Dao et al. 2022), and keys after the queries are left out. Lengths and head widths are multiples
// of 32.

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef float lanes __attribute__((vector_size(64), aligned(4)));
#define LANES 16
#define QUERIES 64

static lanes load(const float *from) {
  lanes value;
  memcpy(&value, from, sizeof value);
  return value;
}

static void store(float *to, lanes value) { memcpy(to, &value, sizeof value); }

// c[m][n] (+)= sum over k of a[m * row + k * step] * b[k][n]; m a multiple of 8, n of 32.
static void multiply(int m, int n, int k, const float *a, long row, long step, const float *b, long b_row, float *c,
                     long c_row, int add) {
  for (int j = 0; j < n; j += 2 * LANES)
    for (int i = 0; i < m; i += 8) {
      lanes sums[8][2];
      for (int r = 0; r < 8; r++)
        for (int s = 0; s < 2; s++) sums[r][s] = add ? load(c + (i + r) * c_row + j + s * LANES) : (lanes){0};
      const float *left = a + i * row;
      const float *right = b + j;
      for (int t = 0; t < k; t++, left += step, right += b_row) {
        const lanes first = load(right), second = load(right + LANES);
#pragma GCC unroll 8
        for (int r = 0; r < 8; r++) {
          const float x = left[r * row];
          sums[r][0] += x * first;
          sums[r][1] += x * second;
        }
      }
      for (int r = 0; r < 8; r++)
        for (int s = 0; s < 2; s++) store(c + (i + r) * c_row + j + s * LANES, sums[r][s]);
    }
}

static void transpose(const float *from, float *to, int rows, int columns) {
  for (int i = 0; i < rows; i += 16)
    for (int d = 0; d < columns; d++)
      for (int r = i; r < i + 16; r++) to[(long)d * rows + r] = from[(long)r * columns + d];
}

// One head's rows, `from_row` numbers apart, to rows `to_row` apart: pairs turned by their place, or back with `sign` -1, and
// scaled. Without cosines nothing is turned.
static void turn(const float *from, int from_row, float *to, int to_row, int length, int width, const float *cosines,
                 const float *sines, float sign, float scale) {
  for (int t = 0; t < length; t++, from += from_row, to += to_row)
    for (int p = 0; p < width / 2; p++) {
      const float c = cosines ? cosines[t * (width / 2) + p] : 1, s = cosines ? sign * sines[t * (width / 2) + p] : 0;
      const float x = from[2 * p], y = from[2 * p + 1];
      to[2 * p] = scale * (x * c - y * s);
      to[2 * p + 1] = scale * (x * s + y * c);
    }
}

// One head out of [length, heads * width], and back into it.
static void take(const float *from, float *to, int length, int all, int width, const float *cosines, const float *sines,
                 float scale) {
  turn(from, all, to, width, length, width, cosines, sines, 1, scale);
}

static void give(const float *from, float *to, int length, int all, int width, const float *cosines, const float *sines,
                 float scale) {
  turn(from, width, to, all, length, width, cosines, sines, -1, scale);
}

static void mask_after(float *scores, int first, int rows, int keys) {
  for (int i = 0; i < rows; i++)
    for (int j = first + i + 1; j < keys; j++) scores[(long)i * keys + j] = -INFINITY;
}

// q, k, v, out: [batch, length, heads * width]; logs: [batch, heads, length], the logarithm of each row's sum.
void attention_forward(int batch, int length, int heads, int width, const float *q, const float *k, const float *v,
                       const float *cosines, const float *sines, float *out, float *logs) {
  const int all = heads * width;
  const long size = (long)length * width;
  const float scale = 1 / sqrtf(width);
#pragma omp parallel for schedule(dynamic)
  for (int at = 0; at < batch * heads; at++) {
    const long start = (long)(at / heads) * length * all + (at % heads) * width;
    float *buffer = aligned_alloc(64, sizeof(float) * (5 * size + (long)QUERIES * length));
    float *qs = buffer, *ks = qs + size, *kt = ks + size, *vs = kt + size, *os = vs + size, *scores = os + size;
    take(q + start, qs, length, all, width, cosines, sines, scale);
    take(k + start, ks, length, all, width, cosines, sines, 1);
    take(v + start, vs, length, all, width, NULL, NULL, 1);
    transpose(ks, kt, length, width);
    for (int i = 0; i < length; i += QUERIES) {
      const int rows = length - i < QUERIES ? length - i : QUERIES, keys = i + rows;
      multiply(rows, keys, width, qs + (long)i * width, width, 1, kt, length, scores, keys, 0);
      mask_after(scores, i, rows, keys);
      for (int r = 0; r < rows; r++) {
        float *line = scores + (long)r * keys, most = -INFINITY, sum = 0;
        for (int j = 0; j < keys; j++) most = line[j] > most ? line[j] : most;
        for (int j = 0; j < keys; j++) line[j] = expf(line[j] - most);
        for (int j = 0; j < keys; j++) sum += line[j];
        for (int j = 0; j < keys; j++) line[j] /= sum;
        logs[(long)at * length + i + r] = most + logf(sum);
      }
      multiply(rows, width, keys, scores, keys, 1, vs, width, os + (long)i * width, width, 0);
    }
    give(os, out + start, length, all, width, NULL, NULL, 1);
    free(buffer);
  }
}

void attention_backward(int batch, int length, int heads, int width, const float *q, const float *k, const float *v,
                        const float *cosines, const float *sines, const float *out, const float *logs, const float *dout,
                        float *dq, float *dk, float *dv) {
  const int all = heads * width;
  const long size = (long)length * width;
  const float scale = 1 / sqrtf(width);
#pragma omp parallel for schedule(dynamic)
  for (int at = 0; at < batch * heads; at++) {
    const long start = (long)(at / heads) * length * all + (at % heads) * width;
    float *buffer = aligned_alloc(64, sizeof(float) * (10 * size + 2 * (long)QUERIES * length));
    float *qs = buffer, *ks = qs + size, *kt = ks + size, *vt = kt + size, *dos = vt + size, *dqs = dos + size,
          *dks = dqs + size, *dvs = dks + size, *os = dvs + size, *vs = os + size, *scores = vs + size,
          *dscores = scores + (long)QUERIES * length;
    take(q + start, qs, length, all, width, cosines, sines, scale);
    take(k + start, ks, length, all, width, cosines, sines, 1);
    take(v + start, vs, length, all, width, NULL, NULL, 1);
    take(out + start, os, length, all, width, NULL, NULL, 1);
    take(dout + start, dos, length, all, width, NULL, NULL, 1);
    transpose(ks, kt, length, width);
    transpose(vs, vt, length, width);
    memset(dks, 0, sizeof(float) * 2 * size);
    for (int i = 0; i < length; i += QUERIES) {
      const int rows = length - i < QUERIES ? length - i : QUERIES, keys = i + rows;
      const long from = (long)i * width;
      multiply(rows, keys, width, qs + from, width, 1, kt, length, scores, keys, 0);
      mask_after(scores, i, rows, keys);
      multiply(rows, keys, width, dos + from, width, 1, vt, length, dscores, keys, 0);
      for (int r = 0; r < rows; r++) {
        float *line = scores + (long)r * keys, *dline = dscores + (long)r * keys, delta = 0;
        const float sum = logs[(long)at * length + i + r];
        for (int d = 0; d < width; d++) delta += os[from + r * width + d] * dos[from + r * width + d];
        for (int j = 0; j < keys; j++) line[j] = expf(line[j] - sum);
        for (int j = 0; j < keys; j++) dline[j] = line[j] * (dline[j] - delta);
      }
      multiply(rows, width, keys, dscores, keys, 1, ks, width, dqs + from, width, 0);
      multiply(keys, width, rows, dscores, 1, keys, qs + from, width, dks, width, 1);
      multiply(keys, width, rows, scores, 1, keys, dos + from, width, dvs, width, 1);
    }
    give(dqs, dq + start, length, all, width, cosines, sines, scale);
    give(dks, dk + start, length, all, width, cosines, sines, 1);
    give(dvs, dv + start, length, all, width, NULL, NULL, 1);
    free(buffer);
  }
}

// y = x / rms(x) * weight; inverse: 1 / rms of each row.
void norm_forward(long rows, int width, const float *x, const float *weight, float epsilon, float *y, float *inverse) {
#pragma omp parallel for
  for (long i = 0; i < rows; i++) {
    const float *row = x + i * width;
    float sum = 0;
    for (int d = 0; d < width; d++) sum += row[d] * row[d];
    const float turned = 1 / sqrtf(sum / width + epsilon);
    inverse[i] = turned;
    for (int d = 0; d < width; d++) y[i * width + d] = row[d] * turned * weight[d];
  }
}

// dweight is the sum over the rows, in as many parts as there are parts.
void norm_backward(long rows, int width, const float *x, const float *weight, const float *inverse, const float *dy,
                   float *dx, float *dweight, int parts) {
#pragma omp parallel for
  for (int part = 0; part < parts; part++) {
    float *dw = dweight + (long)part * width;
    memset(dw, 0, sizeof(float) * width);
    for (long i = rows * part / parts; i < rows * (part + 1) / parts; i++) {
      const float *row = x + i * width, *d = dy + i * width;
      const float turned = inverse[i];
      float sum = 0;
      for (int j = 0; j < width; j++) sum += d[j] * weight[j] * row[j];
      const float shift = sum * turned * turned * turned / width;
      for (int j = 0; j < width; j++) {
        dx[i * width + j] = d[j] * weight[j] * turned - row[j] * shift;
        dw[j] += d[j] * row[j] * turned;
      }
    }
  }
}

// y = silu(gate) * up
void swiglu_forward(long count, const float *gate, const float *up, float *y) {
#pragma omp parallel for
  for (long part = 0; part < (count + 4095) / 4096; part++)
    for (long i = part * 4096; i < (part + 1) * 4096 && i < count; i++) y[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

void swiglu_backward(long count, const float *gate, const float *up, const float *dy, float *dgate, float *dup) {
#pragma omp parallel for
  for (long part = 0; part < (count + 4095) / 4096; part++)
    for (long i = part * 4096; i < (part + 1) * 4096 && i < count; i++) {
      const float share = 1 / (1 + expf(-gate[i]));
      dup[i] = dy[i] * gate[i] * share;
      dgate[i] = dy[i] * up[i] * share * (1 + gate[i] * (1 - share));
    }
}
