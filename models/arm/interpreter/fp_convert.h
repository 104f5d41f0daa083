// Conversions between formats, to and from integers and fixed point, and rounding to integral values (Arm ARM, J1.3.3:
// FPConvert, FPToFixed, FixedToFP, FPRoundInt).
#pragma once

#include "models/arm/interpreter/fp_format.h"

namespace cardvp::arm::interpreter::fp {

// Between any two different formats. FPCR.AHP decides which half precision it is.
template <class To, class From>
To convert(From value, Rounding rounding, Environment environment);

// An integer of the width of `Integer`, unsigned or signed, times 2^-fraction_bits; saturates, and NaNs give 0.
template <class Integer, class From>
Integer to_fixed(From value, unsigned fraction_bits, Rounding rounding, Environment environment);
template <class To, class Integer>
To from_fixed(Integer value, unsigned fraction_bits, Environment environment);

template <class T>
T round_to_integral(T value, Rounding rounding, bool raises_inexact, Environment environment);

}  // namespace cardvp::arm::interpreter::fp
