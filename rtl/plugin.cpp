#include "rtl/plugin.h"

#include <dlfcn.h>
#include <elf.h>

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace cardvp::rtl {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
constexpr char kCpu[] = "x86_64";
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
constexpr char kCpu[] = "aarch64";
#endif

std::string cpu_name(Elf64_Half machine) {
  if (machine == EM_X86_64) return "x86_64";
  if (machine == EM_AARCH64) return "aarch64";
  return fmt::format("ELF machine {}", machine);
}

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& problem) {
  throw std::runtime_error(fmt::format("{}: {}", file.string(), problem));
}

constexpr char kRebuild[] = "build it again with `cardvp rtl build`";

// Of a cut file the dynamic linker would map pages that are not there, and the process would end at the first of them.
// The section headers are last in a file that the linker made, so what has them, and all segments, is whole.
void check_elf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) fail(file, "cannot be read");
  const auto size = static_cast<std::uint64_t>(in.tellg());
  const auto read = [&](std::uint64_t at, void* to, std::uint64_t bytes) {
    if (at > size || bytes > size - at || !in.seekg(static_cast<std::streamoff>(at)) ||
        !in.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes)))
      fail(file, fmt::format("is cut short: {}", kRebuild));
  };
  char magic[SELFMAG] = {};
  if (size >= SELFMAG) read(0, magic, SELFMAG);
  if (std::memcmp(magic, ELFMAG, SELFMAG) != 0) fail(file, "is no RTL plug-in: not a shared object");
  Elf64_Ehdr header;
  read(0, &header, sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != kMachine)
    fail(file, fmt::format("is for another CPU, {}; this is {}: {}", cpu_name(header.e_machine), kCpu, kRebuild));
  if (header.e_type != ET_DYN || header.e_phentsize != sizeof(Elf64_Phdr))
    fail(file, "is no RTL plug-in: not a shared object");
  char last = 0;
  if (const std::uint64_t bytes = std::uint64_t{header.e_shentsize} * header.e_shnum; bytes > 0)
    read(header.e_shoff + bytes - 1, &last, 1);
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  read(header.e_phoff, segments.data(), segments.size() * sizeof(Elf64_Phdr));
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_filesz > size) fail(file, fmt::format("is cut short: {}", kRebuild));
    if (segment.p_filesz > 0) read(segment.p_offset + segment.p_filesz - 1, &last, 1);
  }
}

const cardvp_rtl_plugin& open(const std::filesystem::path& file) {
  // RTLD_NODELETE: instances hold code and thread-local data of it, and so may the process at its end.
  void* const handle = ::dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) fail(file, fmt::format("cannot be loaded: {}", ::dlerror()));
  const auto* const plugin = static_cast<const cardvp_rtl_plugin*>(::dlsym(handle, "cardvp_rtl_plugin"));
  if (!plugin || plugin->magic != CARDVP_RTL_MAGIC)
    fail(file, "is no RTL plug-in: a shared object, but not one that `cardvp rtl build` made");
  return *plugin;
}

void check_version(const std::filesystem::path& file, const cardvp_rtl_plugin& plugin) {
  if (plugin.abi_version != CARDVP_RTL_ABI_VERSION || plugin.size != sizeof(cardvp_rtl_plugin))
    fail(file, fmt::format("is of plug-in version {}, this program takes {}: {}", plugin.abi_version,
                           CARDVP_RTL_ABI_VERSION, kRebuild));
  if (std::string_view(plugin.cpu) != kCpu)
    fail(file, fmt::format("is for another CPU, {}; this is {}: {}", plugin.cpu, kCpu, kRebuild));
}

}  // namespace

std::shared_ptr<const Plugin> Plugin::load(const std::filesystem::path& file) {
  check_elf(file);
  const cardvp_rtl_plugin& plugin = open(file);
  check_version(file, plugin);
  try {
    return std::shared_ptr<const Plugin>(new Plugin(file, plugin, description_from_text(plugin.description)));
  } catch (const std::exception& error) {
    fail(file, fmt::format("has no description that can be read ({}): {}", error.what(), kRebuild));
  }
}

std::optional<std::uint32_t> Plugin::port(std::string_view name) const {
  for (std::uint32_t i = 0; i < abi_->port_count; ++i)
    if (abi_->ports[i].name == name) return i;
  return std::nullopt;
}

}  // namespace cardvp::rtl
