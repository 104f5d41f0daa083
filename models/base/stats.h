// Statistics of a machine: named counters and histograms, read by reports in the order of their names.
//
// Names are paths: the model's hierarchical name and what is counted, "card.nvme.fn1.reads". Units are written out:
// "commands", "bytes", "ps".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardvp {

class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_ += amount; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// Log-linear: exact below 64, then 32 buckets for each power of two, so a percentile is at most 3.2 % too high, for
// any 64-bit value, in a fixed 15 KiB.
class Histogram {
 public:
  void add(std::uint64_t value);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return count_ ? min_ : 0; }
  std::uint64_t max() const { return max_; }
  double mean() const;
  // The upper edge of the bucket that holds the ceil(fraction * count)-th smallest value, at most max(); 0 if empty.
  std::uint64_t percentile(double fraction) const;

 private:
  static constexpr unsigned kSubBits = 5;
  static unsigned bucket_of(std::uint64_t value);
  static std::uint64_t upper_edge(unsigned bucket);

  std::array<std::uint64_t, (64 - kSubBits + 1) << kSubBits> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t min_ = ~0ull;
  std::uint64_t max_ = 0;
  unsigned __int128 sum_ = 0;
};

class Stats {
 public:
  template <class T>
  struct Entry {
    std::string unit;
    std::unique_ptr<T> value = std::make_unique<T>();
  };

  // The one of that name, made at first use; the reference stays valid.
  Counter& counter(const std::string& name, const std::string& unit);
  Histogram& histogram(const std::string& name, const std::string& unit);

  // Counters that are made when they first count: `prefix`, which ends in a dot, and any name that `knows` knows.
  void declare(const std::string& prefix, bool (*knows)(std::string_view name)) { declared_[prefix] = knows; }
  // Of a counter; 0 if it was declared and has not counted; nothing: there is none of that name.
  std::optional<std::uint64_t> value(const std::string& name) const;

  const std::map<std::string, Entry<Counter>>& counters() const { return counters_; }
  const std::map<std::string, Entry<Histogram>>& histograms() const { return histograms_; }

 private:
  std::map<std::string, Entry<Counter>> counters_;
  std::map<std::string, Entry<Histogram>> histograms_;
  std::map<std::string, bool (*)(std::string_view)> declared_;  // by prefix
};

// Energy of one component: what its events cost, and what it draws all the time. Coefficients come from
// configuration; without them everything is 0.
class EnergyMeter {
 public:
  void set_static_power(double watts) { static_watts_ = watts; }
  void add_picojoules(double amount) { dynamic_pj_ += amount; }
  double dynamic_joules() const { return dynamic_pj_ * 1e-12; }
  double static_joules(double seconds) const { return static_watts_ * seconds; }

 private:
  double dynamic_pj_ = 0;
  double static_watts_ = 0;
};

class Energy {
 public:
  EnergyMeter& meter(const std::string& name) { return meters_[name]; }
  const std::map<std::string, EnergyMeter>& meters() const { return meters_; }

 private:
  std::map<std::string, EnergyMeter> meters_;
};

}  // namespace cardvp
