// A plug-in that was loaded: the code of one Verilated block, which instances (rtl/block.h) run.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "rtl/description.h"
#include "rtl/plugin_abi.h"

namespace cardvp::rtl {

class Plugin {
 public:
  // Checks the file before anything of it runs: that it is a whole shared object, for this CPU, of this version. Throws
  // std::runtime_error that says which of these it is not. A plug-in stays loaded until the process ends.
  static std::shared_ptr<const Plugin> load(const std::filesystem::path& file);

  const cardvp_rtl_plugin& abi() const { return *abi_; }
  const BlockDescription& description() const { return description_; }
  const std::filesystem::path& file() const { return file_; }
  std::optional<std::uint32_t> port(std::string_view name) const;  // its index

 private:
  Plugin(std::filesystem::path file, const cardvp_rtl_plugin& abi, BlockDescription description)
      : file_(std::move(file)), abi_(&abi), description_(std::move(description)) {}

  std::filesystem::path file_;
  const cardvp_rtl_plugin* abi_;
  BlockDescription description_;
};

}  // namespace cardvp::rtl
