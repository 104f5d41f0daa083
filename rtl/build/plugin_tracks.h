// Lines of text beside the pins of a waveform: vectors of characters in a scope of their own, "transactions", which
// viewers show as ASCII. Included by plugin_main.cpp.

class Tracks {
 public:
  template <class Waveform>
  void open(const char* const* names, std::uint32_t count, Waveform& waveform) {
    names_.assign(names, names + count);
    values_.assign(count * std::size_t{kWords}, 0);
    if (count == 0) return;
    auto& trace = *waveform.spTrace();
    using Trace = std::remove_reference_t<decltype(trace)>;
    using Buffer = typename Trace::Buffer;
    void (*const full)(void*, Buffer*) = [](void* self, Buffer* buffer) {
      static_cast<Tracks*>(self)->write<true>(*buffer);
    };
    void (*const change)(void*, Buffer*) = [](void* self, Buffer* buffer) {
      static_cast<Tracks*>(self)->write<false>(*buffer);
    };
    trace.addInitCb([](void* self, Trace* to, std::uint32_t code) { static_cast<Tracks*>(self)->declare(*to, code); },
                    this);
    trace.addFullCb(full, this);
    trace.addChgCb(change, this);
  }

  // The text is cut to kCharacters.
  void set(std::uint32_t track, const char* text) {
    if (track >= names_.size()) return;
    std::uint32_t* const words = &values_[track * std::size_t{kWords}];
    std::fill(words, words + kWords, 0);
    const std::size_t size = strnlen(text, kCharacters);
    for (std::size_t i = 0; i < size; ++i) {  // the first character is the most significant
      const std::size_t byte = size - 1 - i;
      words[byte / 4] |= std::uint32_t{static_cast<unsigned char>(text[i])} << byte % 4 * 8;
    }
  }

 private:
  static constexpr unsigned kCharacters = 48, kWords = kCharacters / 4;

  template <class Trace>
  void declare(Trace& trace, std::uint32_t code) {
    code_ = code;
    trace.pushNamePrefix("transactions.");
    for (const std::string& name : names_) {
#if CARDVP_RTL_FST
      trace.declArray(code, name.c_str(), -1, FST_VD_IMPLICIT, FST_VT_VCD_REG, false, -1, kWords * 32 - 1, 0);
#else
      trace.declArray(code, name.c_str(), false, -1, kWords * 32 - 1, 0);
#endif
      code += kWords;
    }
    trace.popNamePrefix();
  }
  template <bool kFull, class Buffer>
  void write(Buffer& buffer) {
    std::uint32_t* const old = buffer.oldp(code_);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::uint32_t* const value = &values_[i * kWords];
      if (kFull)
        buffer.fullWData(old + i * kWords, value, kWords * 32);
      else
        buffer.chgWData(old + i * kWords, value, kWords * 32);
    }
  }

  std::vector<std::string> names_;
  std::vector<std::uint32_t> values_;
  std::uint32_t code_ = 0;
};
