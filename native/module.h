/* What the parts of the Python module share. */
#ifndef TUTELA_MODULE_H
#define TUTELA_MODULE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "lthash.h"
#include "mih.h"
#include "pdq.h"

/* The code for the processor in use; changed by use() only. */
extern pdq_rows_fn chosen_rows;
extern mih_code chosen_search;
extern lthash_code chosen_lthash;

PyObject *py_lthash(PyObject *self, PyObject *args);
PyObject *py_mih_size(PyObject *self, PyObject *args);
PyObject *py_mih_build(PyObject *self, PyObject *args);
PyObject *py_mih_search(PyObject *self, PyObject *args);
PyObject *py_mih_compare(PyObject *self, PyObject *args);

#endif
