// Where a volume's bytes are: memory, or a file. No timing here; see Volume.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace cardvp::storage {

class Medium {
 public:
  virtual ~Medium() = default;
  virtual std::uint64_t size() const = 0;  // bytes
  virtual bool read_only() const { return false; }

  // The bytes themselves, if they can be touched in place, as long as the medium lives; else empty. Whole range or
  // nothing.
  virtual std::span<std::byte> direct(std::uint64_t, std::size_t) { return {}; }

  // False if the medium failed (an I/O error, a file that has become shorter, a write to what is read-only); then
  // nothing may be assumed about `to`. The range is within size().
  virtual bool read(std::uint64_t offset, std::span<std::byte> to) = 0;
  virtual bool write(std::uint64_t offset, std::span<const std::byte> from) = 0;
  virtual bool flush() = 0;
};

// Zeros at first; pages are allocated when they are written. Throws std::runtime_error if the address space is not to
// be had.
std::unique_ptr<Medium> make_memory_medium(std::uint64_t size);

// A file. `size` 0: the file's own size, which must be a multiple of 512. Otherwise the file must be at least that
// long, or, with `create`, is made or extended (sparsely). Throws std::runtime_error that names the path and the
// remedy.
std::unique_ptr<Medium> make_file_medium(const std::string& path, std::uint64_t size, bool create, bool read_only);

}  // namespace cardvp::storage
