/* Roots of banks, as a Python function over bytes. */
#include "module.h"

#include <stdlib.h>

PyObject *py_lthash(PyObject *self, PyObject *args) {
    PyObject *given, *result = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O:lthash", &given)) return NULL;
    PyObject *held = PySequence_Tuple(given); /* so that nobody takes any away meanwhile */
    if (!held) return NULL;
    const Py_ssize_t count = PyTuple_Size(held);
    lthash_text *texts = calloc(count ? (size_t)count : 1, sizeof *texts);
    if (!texts) {
        Py_DECREF(held);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t n = 0; n < count; n++) {
        char *data;
        Py_ssize_t size;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(held, n), &data, &size) < 0) goto end;
        texts[n] = (lthash_text){(const uint8_t *)data, (size_t)size};
    }
    uint16_t sum[LTHASH_LANES];
    uint8_t bytes[2 * LTHASH_LANES];
    Py_BEGIN_ALLOW_THREADS
    lthash(&chosen_lthash, texts, (size_t)count, sum);
    for (int lane = 0; lane < LTHASH_LANES; lane++) {
        bytes[2 * lane] = (uint8_t)sum[lane];
        bytes[2 * lane + 1] = (uint8_t)(sum[lane] >> 8);
    }
    Py_END_ALLOW_THREADS
    result = PyBytes_FromStringAndSize((const char *)bytes, sizeof bytes);
end:
    free(texts);
    Py_DECREF(held);
    return result;
}
