// Floating-point arithmetic exactly as the Arm ARM's shared pseudocode has it (J1.3.3), whatever the host does.
// For Single and Double.
#pragma once

#include "models/arm/interpreter/fp_format.h"

namespace cardvp::arm::interpreter::fp {

template <class T>
T add(T a, T b, Environment environment);
template <class T>
T subtract(T a, T b, Environment environment);
template <class T>
T multiply(T a, T b, Environment environment);
template <class T>
T multiply_extended(T a, T b, Environment environment);  // FMULX: infinity * 0 is 2
template <class T>
T divide(T a, T b, Environment environment);
template <class T>
T square_root(T value, Environment environment);
// addend + a * b, rounded once
template <class T>
T multiply_add(T addend, T a, T b, Environment environment);

template <class T>
constexpr T absolute(T value, Environment) {
  return magnitude(value);
}
template <class T>
constexpr T negate(T value) {
  return value ^ Format<T>::kSign;
}
template <class T>
constexpr T negated(T value, Environment) {
  return negate(value);
}
template <class T>
T absolute_difference(T a, T b, Environment environment) {
  return magnitude(subtract(a, b, environment));
}
template <class T>
T negated_product(T a, T b, Environment environment) {
  return negate(multiply(a, b, environment));
}
template <class T>
T multiply_subtract(T addend, T a, T b, Environment environment) {
  return multiply_add(addend, negate(a), b, environment);
}
template <class T>
T negated_multiply_add(T addend, T a, T b, Environment environment) {
  return multiply_add(negate(addend), negate(a), b, environment);
}
template <class T>
T negated_multiply_subtract(T addend, T a, T b, Environment environment) {
  return multiply_add(negate(addend), a, b, environment);
}

}  // namespace cardvp::arm::interpreter::fp
