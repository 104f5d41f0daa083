// Reciprocal and square root estimates, and the steps that refine them (Arm ARM, J1.3.3: FPRecipEstimate and so on).
// For Single and Double.
#pragma once

#include "models/arm/interpreter/fp_format.h"

namespace cardvp::arm::interpreter::fp {

template <class T>
T reciprocal_estimate(T value, Environment environment);
template <class T>
T reciprocal_square_root_estimate(T value, Environment environment);
template <class T>
T reciprocal_exponent(T value, Environment environment);  // FRECPX
template <class T>
T reciprocal_step(T a, T b, Environment environment);  // 2 - a * b
template <class T>
T reciprocal_square_root_step(T a, T b, Environment environment);  // (3 - a * b) / 2

// URECPE and URSQRTE: fixed point, with 32 fraction bits as the operand.
Single unsigned_reciprocal_estimate(Single value);
Single unsigned_reciprocal_square_root_estimate(Single value);

}  // namespace cardvp::arm::interpreter::fp
