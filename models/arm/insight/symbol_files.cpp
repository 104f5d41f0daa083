#include "models/arm/insight/symbol_files.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace cardvp::arm {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw std::runtime_error(fmt::format("{}: {}", file.string(), why));
}

class Descriptor {
 public:
  explicit Descriptor(const fs::path& file) : number_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number_ < 0) fail(file, std::strerror(errno));
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

class ElfFile {
 public:
  explicit ElfFile(const fs::path& file) : file_(file), descriptor_(file) {
    ::elf_version(EV_CURRENT);
    elf_.reset(::elf_begin(descriptor_.number(), ELF_C_READ, nullptr));
    if (!elf_ || ::elf_kind(elf_.get()) != ELF_K_ELF) broken("not an ELF file");
    GElf_Ehdr header;
    if (!::gelf_getehdr(elf_.get(), &header)) broken("a broken ELF header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_AARCH64)
      broken("not an AArch64 ELF file");
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
      broken("not a linked program: its addresses are not known");
  }

  std::vector<FunctionSymbol> functions() {
    Elf_Scn* const table = section(SHT_SYMTAB);
    Elf_Scn* const symbols = table ? table : section(SHT_DYNSYM);
    if (!symbols) broken("it has no symbol table (stripped?)");
    GElf_Shdr header;
    Elf_Data* const data = ::elf_getdata(symbols, nullptr);
    if (!::gelf_getshdr(symbols, &header) || !data) broken("a broken symbol table");
    const std::size_t count = std::min<std::size_t>(data->d_size / sizeof(Elf64_Sym), std::numeric_limits<int>::max());
    std::vector<FunctionSymbol> found;
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (!::gelf_getsym(data, static_cast<int>(i), &symbol)) broken("a broken symbol table");
      const char* const name = ::elf_strptr(elf_.get(), header.sh_link, symbol.st_name);
      if (!name) broken("a broken symbol table");
      add(symbol, name, found);
    }
    return found;
  }

 private:
  [[noreturn]] void broken(const char* why) const { fail(file_, why); }

  Elf_Scn* section(unsigned type) {
    GElf_Shdr header;
    for (Elf_Scn* at = ::elf_nextscn(elf_.get(), nullptr); at; at = ::elf_nextscn(elf_.get(), at))
      if (::gelf_getshdr(at, &header) && header.sh_type == type) return at;
    return nullptr;
  }

  // Functions, and labels of assembler sources; not the mapping symbols ($x, $d) nor a compiler's labels.
  void add(const GElf_Sym& symbol, std::string_view name, std::vector<FunctionSymbol>& found) {
    const unsigned type = GELF_ST_TYPE(symbol.st_info);
    if (name.empty() || name[0] == '$' || name.starts_with(".L")) return;
    if (type != STT_FUNC && type != STT_NOTYPE) return;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE) return;
    GElf_Shdr header;
    Elf_Scn* const in = ::elf_getscn(elf_.get(), symbol.st_shndx);
    if (!in || !::gelf_getshdr(in, &header) || !(header.sh_flags & SHF_EXECINSTR)) return;
    const bool local = GELF_ST_BIND(symbol.st_info) == STB_LOCAL;
    found.push_back({symbol.st_value, symbol.st_size, header.sh_addr + header.sh_size,
                     (type == STT_FUNC ? 0u : 2u) + local, printable(name)});
  }

  struct End {
    void operator()(Elf* elf) const { ::elf_end(elf); }
  };
  fs::path file_;
  Descriptor descriptor_;
  std::unique_ptr<Elf, End> elf_;
};

}  // namespace

std::string printable(std::string_view name) {
  constexpr std::size_t kLongest = 500;
  std::string text(name.substr(0, kLongest));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == ';' || c >= 0x7f; }, '_');
  return text;
}

bool is_elf(const fs::path& file) {
  std::array<char, SELFMAG> magic{};
  std::ifstream(file, std::ios::binary).read(magic.data(), magic.size());
  return std::memcmp(magic.data(), ELFMAG, SELFMAG) == 0;
}

std::vector<FunctionSymbol> read_elf_symbols(const fs::path& file) { return ElfFile(file).functions(); }

// Lines of "ffff800008000000 T _text".
std::vector<FunctionSymbol> read_system_map(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, std::strerror(errno));
  constexpr std::size_t kDigits = 16, kName = kDigits + 3;
  constexpr std::uint64_t kLastSize = 4096;  // of the last one, which no other ends
  std::vector<FunctionSymbol> found;
  std::array<char, 4096> line;
  for (unsigned number = 1; in.getline(line.data(), line.size()); ++number) {
    const std::string_view text = line.data();
    const char* const end = text.data() + std::min(text.size(), kDigits);
    std::uint64_t address = 0;
    const bool digits = std::from_chars(text.data(), end, address, 16).ptr == text.data() + kDigits;
    if (!digits || text.size() <= kName || text[kDigits] != ' ' || text[kDigits + 2] != ' ')
      fail(file, fmt::format("neither an ELF file nor a System.map: line {}", number));
    const char type = text[kDigits + 1];
    if (std::string_view("tTwW").find(type) == std::string_view::npos || text[kName] == '$') continue;
    found.push_back({address, 0, address + kLastSize, type == 't' ? 1u : 0u, printable(text.substr(kName))});
  }
  if (!in.eof()) fail(file, "neither an ELF file nor a System.map");
  return found;
}

}  // namespace cardvp::arm
