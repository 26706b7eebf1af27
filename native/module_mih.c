/* The search, as Python functions over buffers. */
#include "module.h"

#include <stdlib.h>

PyObject *py_mih_size(PyObject *self, PyObject *args) {
    unsigned int count;
    (void)self;
    if (!PyArg_ParseTuple(args, "I:mih_size", &count)) return NULL;
    return PyLong_FromSize_t(mih_size(count));
}

/* The buffer as a segment of `count` hashes; an error unless it is large enough and aligned. */
static int fits(const Py_buffer *view, unsigned int count) {
    if (count > UINT32_MAX - MIH_PAD || (size_t)view->len < mih_size(count)) {
        PyErr_SetString(PyExc_ValueError, "the buffer is smaller than a segment of so many hashes");
        return -1;
    }
    if ((uintptr_t)view->buf % sizeof(uint32_t)) {
        PyErr_SetString(PyExc_ValueError, "a segment must be aligned to 4 bytes");
        return -1;
    }
    return 0;
}

PyObject *py_mih_build(PyObject *self, PyObject *args) {
    Py_buffer view;
    unsigned int count;
    (void)self;
    if (!PyArg_ParseTuple(args, "w*I:mih_build", &view, &count)) return NULL;
    const int wrong = fits(&view, count);
    if (!wrong) {
        Py_BEGIN_ALLOW_THREADS
        mih_build(view.buf, count);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    if (wrong) return NULL;
    Py_RETURN_NONE;
}

static PyObject *given(mih_hits *hits, int failed) {
    PyObject *bytes = NULL;
    if (failed == -1)
        PyErr_NoMemory();
    else if (failed)
        PyErr_SetString(PyExc_ValueError, "the segment is damaged");
    else
        bytes = PyBytes_FromStringAndSize((const char *)hits->hits,
                                          (Py_ssize_t)(hits->count * sizeof(mih_hit)));
    free(hits->hits);
    return bytes;
}

PyObject *py_mih_search(PyObject *self, PyObject *args) {
    Py_buffer view, queries;
    unsigned int count, distance;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*Iy*I:mih_search", &view, &count, &queries, &distance))
        return NULL;
    mih_hits hits = {NULL, 0, 0};
    PyObject *result = NULL;
    if (distance > MIH_FARTHEST || queries.len % MIH_BYTES) {
        PyErr_SetString(PyExc_ValueError, "queries are 32 bytes each, distance at most 31");
    } else if (fits(&view, count) == 0) {
        mih_segment segment;
        int failed = 0;
        mih_place(&segment, view.buf, count);
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t q = 0; q < queries.len / MIH_BYTES && !failed; q++)
            failed = mih_search(&segment, &chosen_search,
                                (const uint8_t *)queries.buf + q * MIH_BYTES, (uint32_t)q,
                                distance, &hits);
        Py_END_ALLOW_THREADS
        result = given(&hits, failed);
    }
    PyBuffer_Release(&view);
    PyBuffer_Release(&queries);
    return result;
}

PyObject *py_mih_compare(PyObject *self, PyObject *args) {
    Py_buffer hashes, queries;
    unsigned int distance;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*I:mih_compare", &hashes, &queries, &distance)) return NULL;
    mih_hits hits = {NULL, 0, 0};
    PyObject *result = NULL;
    if (hashes.len % MIH_BYTES || queries.len % MIH_BYTES ||
        hashes.len / MIH_BYTES > (Py_ssize_t)UINT32_MAX - MIH_PAD) {
        PyErr_SetString(PyExc_ValueError, "hashes and queries are 32 bytes each");
    } else {
        int failed = 0;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t q = 0; q < queries.len / MIH_BYTES && !failed; q++)
            failed = mih_compare(hashes.buf, (uint32_t)(hashes.len / MIH_BYTES), &chosen_search,
                                 (const uint8_t *)queries.buf + q * MIH_BYTES, (uint32_t)q,
                                 distance, &hits);
        Py_END_ALLOW_THREADS
        result = given(&hits, failed);
    }
    PyBuffer_Release(&hashes);
    PyBuffer_Release(&queries);
    return result;
}
