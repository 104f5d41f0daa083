// Comparisons, minimum and maximum (Arm ARM, J1.3.3). For Single and Double.
#pragma once

#include "models/arm/interpreter/fp_format.h"

namespace cardvp::arm::interpreter::fp {

// NZCV of FCMP (`signals_quiet` false) and FCMPE.
template <class T>
unsigned compare(T a, T b, bool signals_quiet, Environment environment);

// Of FCMEQ, FCMGE and FCMGT.
template <class T>
bool equal(T a, T b, Environment environment);
template <class T>
bool greater_or_equal(T a, T b, Environment environment);
template <class T>
bool greater(T a, T b, Environment environment);

template <class T>
T maximum(T a, T b, Environment environment);
template <class T>
T minimum(T a, T b, Environment environment);
// A number wins against a quiet NaN (IEEE 754-2008 maxNum, minNum).
template <class T>
T maximum_number(T a, T b, Environment environment);
template <class T>
T minimum_number(T a, T b, Environment environment);

}  // namespace cardvp::arm::interpreter::fp
