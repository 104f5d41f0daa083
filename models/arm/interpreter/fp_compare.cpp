#include "models/arm/interpreter/fp_compare.h"

#include <type_traits>

#include "models/arm/interpreter/fp_number.h"

namespace cardvp::arm::interpreter::fp {

namespace {

enum class Order { kLess, kEqual, kGreater, kUnordered };

// Any NaN raises an exception if `signals_quiet`, else only signalling ones.
template <class T>
Order order(T a, T b, bool signals_quiet, Environment environment) {
  a = flush_input(a, environment);
  b = flush_input(b, environment);
  if (is_nan(a) || is_nan(b)) {
    if (signals_quiet || is_signalling(a) || is_signalling(b)) environment.raise(kInvalidOperation);
    return Order::kUnordered;
  }
  // Sign and magnitude, read as a number in two's complement; both zeros are 0.
  using Signed = std::make_signed_t<T>;
  const auto key = [](T value) {
    const auto size = static_cast<Signed>(magnitude(value));
    return is_negative(value) ? static_cast<Signed>(-size) : size;
  };
  const Signed key_a = key(a), key_b = key(b);
  return key_a < key_b ? Order::kLess : key_a > key_b ? Order::kGreater : Order::kEqual;
}

template <class T>
T select(T a, T b, Order wanted, Environment environment) {
  a = flush_input(a, environment);
  b = flush_input(b, environment);
  if (is_nan(a) || is_nan(b)) return process_nans<T>(environment, a, b);
  const Order found = order(a, b, false, environment);
  // Equal operands differ at most in the sign of a zero.
  if (found == Order::kEqual) return wanted == Order::kGreater ? a & b : a | b;
  return found == wanted ? a : b;
}

// A lone quiet NaN becomes what loses against everything.
template <class T>
T select_number(T a, T b, Order wanted, Environment environment) {
  const T loser = infinity<T>(wanted == Order::kGreater);
  if (is_quiet_nan(a) && !is_quiet_nan(b)) {
    a = loser;
  } else if (!is_quiet_nan(a) && is_quiet_nan(b)) {
    b = loser;
  }
  return select(a, b, wanted, environment);
}

}  // namespace

template <class T>
unsigned compare(T a, T b, bool signals_quiet, Environment environment) {
  switch (order(a, b, signals_quiet, environment)) {
    case Order::kLess: return 0b1000;
    case Order::kEqual: return 0b0110;
    case Order::kGreater: return 0b0010;
    case Order::kUnordered: break;
  }
  return 0b0011;
}

template <class T>
bool equal(T a, T b, Environment environment) {
  return order(a, b, false, environment) == Order::kEqual;
}
template <class T>
bool greater_or_equal(T a, T b, Environment environment) {
  const Order found = order(a, b, true, environment);
  return found == Order::kGreater || found == Order::kEqual;
}
template <class T>
bool greater(T a, T b, Environment environment) {
  return order(a, b, true, environment) == Order::kGreater;
}

template <class T>
T maximum(T a, T b, Environment environment) {
  return select(a, b, Order::kGreater, environment);
}
template <class T>
T minimum(T a, T b, Environment environment) {
  return select(a, b, Order::kLess, environment);
}
template <class T>
T maximum_number(T a, T b, Environment environment) {
  return select_number(a, b, Order::kGreater, environment);
}
template <class T>
T minimum_number(T a, T b, Environment environment) {
  return select_number(a, b, Order::kLess, environment);
}

#define INSTANTIATE(T)                                \
  template unsigned compare(T, T, bool, Environment); \
  template bool equal(T, T, Environment);             \
  template bool greater_or_equal(T, T, Environment);  \
  template bool greater(T, T, Environment);           \
  template T maximum(T, T, Environment);              \
  template T minimum(T, T, Environment);              \
  template T maximum_number(T, T, Environment);       \
  template T minimum_number(T, T, Environment);
INSTANTIATE(Single)
INSTANTIATE(Double)
#undef INSTANTIATE

}  // namespace cardvp::arm::interpreter::fp
