// The only place where OpenBLAS's C interface is adapted for Swift.
#pragma once
#include <cblas.h>
