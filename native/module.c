/* tutela._native: the compiled kernels, as a Python module of the stable ABI. */
#include "module.h"

#include <string.h>

pdq_rows_fn chosen_rows;
mih_code chosen_search;
lthash_code chosen_lthash;
static const char *chosen_family;

/* A C-ordered picture of bytes: (rows, cols) or (rows, cols, channels); the rows
 * may lie apart, the pixels of a row may not. */
static int read_picture(Py_buffer *view, pdq_pixels *p) {
    const int colour = view->ndim == 3;
    if (view->itemsize != 1 || !view->format || strcmp(view->format, "B") != 0 ||
        (view->ndim != 2 && !colour)) {
        PyErr_SetString(PyExc_ValueError,
                        "pixels must be unsigned bytes of shape (rows, cols) or (rows, cols, channels)");
        return -1;
    }
    const Py_ssize_t channels = colour ? view->shape[2] : 1;
    if (channels != 1 && channels < 3) {
        PyErr_SetString(PyExc_ValueError, "a colour picture has at least 3 channels");
        return -1;
    }
    if (view->shape[0] < 1 || view->shape[1] < 1 || channels > 8 ||
        view->shape[0] > 1 << 24 || view->shape[1] > 1 << 24) {
        PyErr_SetString(PyExc_ValueError, "the picture is empty or too large");
        return -1;
    }
    if (view->strides[1] != channels || (colour && view->strides[2] != 1)) {
        PyErr_SetString(PyExc_ValueError, "the pixels of a row must lie side by side");
        return -1;
    }
    p->data = view->buf;
    p->row_stride = view->strides[0];
    p->rows = (int)view->shape[0];
    p->cols = (int)view->shape[1];
    p->channels = (int)channels;
    return 0;
}

static int reduced_to(int full, int factor) { return (full + factor - 1) / factor; }

static PyObject *pdq(PyObject *self, PyObject *args) {
    PyObject *source;
    pdq_pixels p;
    int dihedral, quality = 0, failed;
    (void)self;
    if (!PyArg_ParseTuple(args, "Oiiip:pdq", &source, &p.full_rows, &p.full_cols, &p.factor,
                          &dihedral))
        return NULL;
    Py_buffer view;
    if (PyObject_GetBuffer(source, &view, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0) return NULL;
    if (read_picture(&view, &p) < 0) {
        PyBuffer_Release(&view);
        return NULL;
    }
    if (p.factor < 1 || p.factor > 8 || p.full_rows < 1 || p.full_cols < 1 ||
        p.full_rows > 1 << 24 || p.full_cols > 1 << 24 ||
        reduced_to(p.full_rows, p.factor) != p.rows ||
        reduced_to(p.full_cols, p.factor) != p.cols) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_ValueError,
                        "rows and cols must be the full size divided by factor, rounded up");
        return NULL;
    }
    const int orientations = dihedral ? PDQ_ORIENTATIONS : 1;
    uint8_t hashes[PDQ_ORIENTATIONS * PDQ_BYTES];
    Py_BEGIN_ALLOW_THREADS
    failed = pdq_hash(&p, chosen_rows, orientations, hashes, &quality);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    if (failed) return PyErr_NoMemory();
    return Py_BuildValue("(y#i)", (char *)hashes, (Py_ssize_t)(orientations * PDQ_BYTES), quality);
}

static PyObject *border(PyObject *self, PyObject *args) {
    PyObject *source;
    const char *edge;
    int level, tolerance;
    double share;
    (void)self;
    if (!PyArg_ParseTuple(args, "Osiid:border", &source, &edge, &level, &tolerance, &share))
        return NULL;
    Py_buffer view;
    if (PyObject_GetBuffer(source, &view, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0) return NULL;
    int found = -1;
    const int sane = level >= 0 && level <= 255 && tolerance >= 0 && tolerance <= 255 &&
                     share >= 0.0 && share <= 1.0;
    if (sane && view.ndim == 2 && view.itemsize == 1 && view.shape[0] > 0 && view.shape[1] > 0 &&
        view.shape[0] <= 1 << 24 && view.shape[1] <= 1 << 24) {
        const int rows = (int)view.shape[0], cols = (int)view.shape[1];
        const ptrdiff_t down = view.strides[0], side = view.strides[1];
        const uint8_t *first = view.buf;
        const uint8_t *last_row = first + (rows - 1) * down, *last_col = first + (cols - 1) * side;
        Py_BEGIN_ALLOW_THREADS
        switch (edge[0]) {
        case 't': found = pdq_border_lines(first, down, side, rows, cols, level, tolerance, share); break;
        case 'b': found = pdq_border_lines(last_row, -down, side, rows, cols, level, tolerance, share); break;
        case 'l': found = pdq_border_lines(first, side, down, cols, rows, level, tolerance, share); break;
        case 'r': found = pdq_border_lines(last_col, -side, down, cols, rows, level, tolerance, share); break;
        default: break;
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    if (found < 0) {
        PyErr_SetString(PyExc_ValueError, "border needs luma, an edge (top, bottom, left, right), and levels and shares in range");
        return NULL;
    }
    return PyLong_FromLong(found);
}

static PyObject *use(PyObject *self, PyObject *args) {
    const char *family;
    (void)self;
    if (!PyArg_ParseTuple(args, "s:use", &family)) return NULL;
    const pdq_rows_fn rows = pdq_rows_for(family);
    mih_code search;
    lthash_code sums;
    if (!rows || mih_code_for(family, &search) || lthash_code_for(family, &sums)) {
        PyErr_Format(PyExc_ValueError, "this processor does not run '%s'", family);
        return NULL;
    }
    chosen_rows = rows;
    chosen_search = search;
    chosen_lthash = sums;
    chosen_family = family[0] == 'b' ? "baseline" : family[3] == '2' ? "avx2" : "avx512";
    Py_RETURN_NONE;
}

static PyObject *family(PyObject *self, PyObject *args) {
    (void)self;
    (void)args;
    return PyUnicode_FromString(chosen_family);
}

static PyMethodDef methods[] = {
    {"pdq", pdq, METH_VARARGS,
     "pdq(pixels, full_rows, full_cols, factor, dihedral) -> (hashes, quality)\n\n"
     "32 bytes for the picture, or 8 x 32 for its 8 orientations."},
    {"border", border, METH_VARARGS,
     "border(luma, edge, level, tolerance, share) -> lines\n\n"
     "How many lines from an edge are within tolerance of level."},
    {"lthash", py_lthash, METH_VARARGS,
     "lthash(texts) -> 2048 bytes: the sum, in lanes of 16 bits, of SHAKE-128 of each"},
    {"mih_size", py_mih_size, METH_VARARGS,
     "mih_size(count) -> bytes that a segment of so many hashes takes"},
    {"mih_build", py_mih_build, METH_VARARGS,
     "mih_build(buffer, count)\n\nFill the tables behind the hashes at the buffer's beginning."},
    {"mih_search", py_mih_search, METH_VARARGS,
     "mih_search(buffer, count, queries, distance) -> hits\n\n"
     "Query, entry and distance of each pair within distance (0..31), as 3 x uint32."},
    {"mih_compare", py_mih_compare, METH_VARARGS,
     "mih_compare(hashes, queries, distance) -> hits, by comparing each with each."},
    {"use", use, METH_VARARGS, "use(family): run 'baseline', 'avx2' or 'avx512' code from now on."},
    {"family", family, METH_NOARGS, "family() -> the processor family whose code runs."},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
    (void)module;
    pdq_prepare();
    chosen_family = pdq_family();
    chosen_rows = pdq_rows_for(chosen_family);
    return mih_code_for(chosen_family, &chosen_search) |
           lthash_code_for(chosen_family, &chosen_lthash);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, start},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "tutela._native", "Compiled kernels of Tutela.", 0, methods, slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
